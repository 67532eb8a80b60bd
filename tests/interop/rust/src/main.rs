//! polymarket_client_sdk_v2 0.9.0: key, limit order, list, cancel, market order that fills, trades, websockets.

use alloy::signers::Signer as _;
use alloy::signers::local::LocalSigner;
use futures::StreamExt as _;
use polymarket_client_sdk_v2::POLYGON;
use polymarket_client_sdk_v2::clob::types::request::{OrdersRequest, TradesRequest};
use polymarket_client_sdk_v2::clob::types::{Amount, OrderType, Side};
use polymarket_client_sdk_v2::clob::{Client, Config, ws};
use polymarket_client_sdk_v2::types::{Decimal, U256};
use std::str::FromStr as _;
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

/// The fourth key of the mnemonic that every test chain uses; nothing real belongs to it.
const KEY: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

/// The next item of a stream, or nothing after ten seconds.
async fn next<S: futures::Stream>(stream: S) -> Option<S::Item> {
    let mut stream = std::pin::pin!(stream);
    tokio::time::timeout(Duration::from_secs(10), stream.next()).await.ok().flatten()
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::var("SANDBOX_URL")?;
    let token = U256::from_str(&std::env::var("SANDBOX_TOKEN_ID")?)?;
    let signer = LocalSigner::from_str(KEY)?.with_chain_id(Some(POLYGON));
    let client = Client::new(&url, Config::builder().build())?.authentication_builder(&signer).authenticate().await?;
    println!("{{\"step\":\"key\",\"keys\":{}}}", client.api_keys().await.is_ok());

    let address = client.address();
    let endpoint = url.replace("http://", "ws://");
    let socket = ws::Client::new(&endpoint, Default::default())?;
    let book = tokio::spawn(next(socket.subscribe_orderbook(vec![token])?));
    let socket = ws::Client::new(&endpoint, Default::default())?.authenticate(client.credentials().clone(), address)?;
    let user = tokio::spawn(next(socket.subscribe_user_events(Vec::new())?));
    tokio::time::sleep(Duration::from_secs(1)).await;

    let order = client
        .limit_order()
        .token_id(token)
        .order_type(OrderType::GTC)
        .price(Decimal::new(1, 2))
        .size(Decimal::TEN)
        .side(Side::Buy)
        .build()
        .await?;
    let placed = client.post_order(client.sign(&signer, order).await?).await?;
    println!("{{\"step\":\"limit\",\"id\":\"{}\",\"success\":{}}}", placed.order_id, placed.success);
    let open = client.orders(&OrdersRequest::default(), None).await?;
    println!("{{\"step\":\"list\",\"count\":{}}}", open.data.len());
    let gone = client.cancel_order(&placed.order_id).await?;
    println!("{{\"step\":\"cancel\",\"canceled\":{}}}", gone.canceled.len());

    let order =
        client.market_order().token_id(token).amount(Amount::usdc(Decimal::from(5))?).side(Side::Buy).build().await?;
    let bought = client.post_order(client.sign(&signer, order).await?).await?;
    println!("{{\"step\":\"market\",\"status\":\"{:?}\",\"trades\":{}}}", bought.status, bought.trade_ids.len());
    let trades = client.trades(&TradesRequest::default(), None).await?;
    println!("{{\"step\":\"trades\",\"count\":{}}}", trades.data.len());

    let (book, user) = (book.await?, user.await?);
    println!("{{\"step\":\"market_socket\",\"book\":{}}}", matches!(book, Some(Ok(_))));
    println!("{{\"step\":\"user_socket\",\"event\":{}}}", matches!(user, Some(Ok(_))));
    println!("{{\"step\":\"cancel_all\",\"canceled\":{}}}", client.cancel_all_orders().await?.canceled.len());
    Ok(())
}

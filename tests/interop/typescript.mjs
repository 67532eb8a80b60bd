// @polymarket/clob-client-v2 1.1.0: key, limit order, list, cancel, market order that fills, trades.
import { ClobClient } from "@polymarket/clob-client-v2";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { polygon } from "viem/chains";

const url = process.env.SANDBOX_URL;
const say = (step, found) => console.log(JSON.stringify({ step, ...found }));
const get = async (path) => (await fetch(url + path)).json();

// The third key of the mnemonic that every test chain uses; nothing real belongs to it.
const account = privateKeyToAccount("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a");
const signer = createWalletClient({ account, chain: polygon, transport: http(url + "/rpc") });

let best;
for (const market of (await get("/markets")).data) {
  const token = market.tokens[0].token_id;
  const book = await get("/book?token_id=" + token);
  const depth = Math.min(book.bids.length, book.asks.length);
  if (depth && (!best || depth > best.depth)) best = { depth, market: market.condition_id, token, book };
}

const plain = new ClobClient({ host: url, chain: 137, signer });
const creds = await plain.createApiKey();
const client = new ClobClient({ host: url, chain: 137, signer, creds, throwOnError: true });
say("key", { same: (await plain.deriveApiKey()).key === creds.key });
const price = Number(best.book.tick_size);
const placed = await client.createAndPostOrder({ tokenID: best.token, price, size: 10, side: "BUY" });
say("limit", { status: placed.status, id: placed.orderID });
say("list", { ids: (await client.getOpenOrders({ market: best.market })).map((o) => o.id) });
say("cancel", { canceled: (await client.cancelOrder({ orderID: placed.orderID })).canceled });
const bought = await client.createAndPostMarketOrder({ tokenID: best.token, amount: 5, side: "BUY" });
say("market", { status: bought.status, taking: bought.takingAmount, trades: bought.tradeIDs.length });
const trades = await client.getTrades({ market: best.market });
say("trades", { ids: trades.map((t) => t.id), posted: bought.tradeIDs });
await client.createAndPostOrder({ tokenID: best.token, price, size: 10, side: "BUY" });
say("cancel_all", { canceled: (await client.cancelAll()).canceled.length });

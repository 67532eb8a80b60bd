"""polymarket-client 0.14.0: key, limit order, list, cancel, market order that fills, trades, positions, websockets."""

import asyncio
import dataclasses

from polymarket import AsyncSecureClient
from polymarket._internal.environment import PRODUCTION_CONFIG, create_environment
from polymarket.streams import MarketSpec, UserSpec

from common import URL, WS, administer, liveliest, say

KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
EOA = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

ENVIRONMENT = create_environment(name="sandbox", config=dataclasses.replace(
    PRODUCTION_CONFIG, clob_url=URL, gamma_url=URL + "/gamma-api", data_url=URL + "/data-api",
    relayer_url=URL + "/relayer", rpc_url=URL + "/rpc",
    clob_market_ws_url=WS + "/ws/market", clob_user_ws_url=WS + "/ws/user"))


async def heard(handle, names, seconds=15):
    """Kinds of events, until all that are wanted have come."""
    seen = {}

    async def listen():
        async for event in handle:
            name = type(event).__name__
            seen[name] = seen.get(name, 0) + 1
            if names <= set(seen):
                return

    try:
        await asyncio.wait_for(listen(), seconds)
    except asyncio.TimeoutError:
        pass
    return seen


async def main():
    condition, token, book = liveliest()
    client = await AsyncSecureClient.create(private_key=KEY, wallet=EOA, environment=ENVIRONMENT)
    async with client:
        say("key", key=client.credentials.key, known=list(await client.fetch_api_keys()))
        market = await client.subscribe(MarketSpec(asset_ids=[token], custom_feature_enabled=True))
        user = await client.subscribe(UserSpec())
        await asyncio.sleep(0.5)

        placed = await client.place_limit_order(token_id=token, price=book["tick_size"], size=10, side="BUY")
        say("limit", status=placed.status, id=placed.order_id)
        listed = [o async for o in client.list_open_orders().iter_items()]
        say("list", ids=[o.id for o in listed])
        gone = await client.cancel_order(order_id=placed.order_id)
        say("cancel", canceled=list(gone.canceled))

        bought = await client.place_market_order(token_id=token, side="BUY", amount=5, order_type="FAK")
        say("market", status=bought.status, trades=len(bought.trade_ids or ()))
        trades = [t async for t in client.list_account_trades(market=condition).iter_items()]
        say("trades", ids=sorted(t.id for t in trades), posted=sorted(bought.trade_ids or ()))
        positions = [p async for p in client.list_positions(user=EOA).iter_items()]
        say("positions", tokens=[p.token_id for p in positions], held=[p.current_size for p in positions])
        markets = [m async for m in client.list_markets(closed=False).iter_items()]
        say("gamma", markets=len(markets), conditions=[m.condition_id for m in markets])

        say("market_socket", seen=await heard(market, {"MarketBookEvent", "MarketPriceChangeEvent"}))
        say("user_socket", seen=await heard(user, {"UserOrderEvent", "UserTradeEvent"}))
        say("cancel_all", canceled=len((await client.cancel_all()).canceled))
        say("state", accounts=len(administer("/sandbox/state")["accounts"]))


asyncio.run(main())

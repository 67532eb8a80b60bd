"""py-clob-client-v2 1.2.1: key, limit order, list, cancel, market order that fills, trades."""

from decimal import Decimal

from py_clob_client_v2.client import ClobClient
from py_clob_client_v2.clob_types import (
    MarketOrderArgsV2, OpenOrderParams, OrderArgsV2, OrderPayload, OrderType, TradeParams)

from common import URL, liveliest, say

# The first two keys of the mnemonic that every test chain uses; nothing real belongs to them.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

condition, token, book = liveliest()
client = ClobClient(URL, 137, key=KEY)
say("version", version=client.get_version() if hasattr(client, "get_version") else 2)
creds = client.create_api_key()
client.set_api_creds(creds)
again = client.derive_api_key()
say("key", same=again.api_key == creds.api_key)

tick = Decimal(book["tick_size"])
placed = client.create_and_post_order(OrderArgsV2(token_id=token, price=float(tick), size=10.0, side="BUY"))
say("limit", status=placed["status"], id=placed["orderID"], success=placed["success"])
listed = client.get_open_orders(OpenOrderParams(market=condition))
say("list", ids=[o["id"] for o in listed], prices=[o["price"] for o in listed])
gone = client.cancel_order(OrderPayload(orderID=placed["orderID"]))
say("cancel", canceled=gone["canceled"], left=len(client.get_open_orders()))

bought = client.create_and_post_market_order(
    MarketOrderArgsV2(token_id=token, amount=5.0, side="BUY", order_type=OrderType.FOK), order_type=OrderType.FOK)
say("market", status=bought["status"], taking=bought["takingAmount"], making=bought["makingAmount"],
    trades=len(bought["tradeIDs"]))
trades = client.get_trades(TradeParams(market=condition))
say("trades", ids=sorted(t["id"] for t in trades), posted=sorted(bought["tradeIDs"]),
    sides=sorted({t["trader_side"] for t in trades}))

try:
    client.create_and_post_order(OrderArgsV2(token_id=token, price=float(tick), size=1.0, side="BUY"))
    say("refused", error=None)
except Exception as e:  # The client has one kind of error for all of them.
    say("refused", error=str(e))
client.create_and_post_order(OrderArgsV2(token_id=token, price=float(tick), size=10.0, side="BUY"))
say("cancel_all", canceled=len(client.cancel_all()["canceled"]))
beat = client.post_heartbeat("")
say("heartbeat", given=bool(client.post_heartbeat(beat["heartbeat_id"])["heartbeat_id"]))

"""Orders whose runs take a dozen steps: they wait twice, move four times and send two commands."""

from pydantic import BaseModel

from hilum.connectors import http
from hilum.flow import DataClass, Flow, Owners, Slo
from hilum.processes import Commands, Process, Run, States

OWNERS = Owners(business="Purchasing", technical="Integration")
STATES = States(
    "order",
    {"wanted": ("ordered",), "ordered": ("confirmed",), "confirmed": ("received",), "received": ("paid",), "paid": ()},
)


class Wanted(BaseModel):
    """Begins a run."""

    order: str


class Told(BaseModel):
    """Goes on with it."""

    order: str
    what: str


order = Process("bench.order", version="1.0", summary="An order", owners=OWNERS, states=STATES)
order.starts_on(Wanted, key=lambda wanted: wanted.order)
order.hears(Told, key=lambda told: told.order)


@order.run
async def follow(run: Run, wanted: Wanted) -> str:
    await run.move("ordered")
    await run.send("orders", wanted)
    await run.wait(Told)
    await run.now()
    await run.move("confirmed")
    await run.wait(Told)
    await run.now()
    await run.move("received")
    await run.move("paid")
    await run.send("orders", wanted)
    return "paid"


sent = Flow(
    "bench.sent", version="1.0", summary="Commands go out", owners=OWNERS, data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="30s"), retention="P1Y", source=Commands("orders"),
    order_by=lambda parsed: parsed["content"]["order"],
)  # fmt: skip


@sent.translate
def pass_on(parsed, hub):
    return []  # what a command costs after that is the message path's


sent.deliver_to(http.post("http.receiver"))

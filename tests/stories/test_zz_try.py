import random, pytest
from tests.stories.house import *
from tests.stories.conftest import house
from tests.stories.promises import broken
PEOPLE = ["Luc Petit <luc@customer.example>", "Max <max@customer.example>", "eve@elsewhere.example", f"Ann Lee <{ANN.email}>", "noreply@shop.example"]
MARKS = [[], [], [], [("Auto-Submitted","auto-replied")], [("List-Id","<x.y>")], [("Precedence","bulk")], [("Cc","max@customer.example, billing@desk.example")]]
WORDS = ["Hello.", "Thanks!", "It is wrong.", "", "#solved", "support+aaaa@desk.example", "> quoted\n\nmine"]
COMMANDS = ["#solved\nDone.", "#pending\nWhat?", "#assign ben because x", "#assign ann because y", "#release because z", "#team billing because m", "#note hi", "Answer.", "#accept", "#hold", "#reopen", "#list", "#show 1", "#history 2", "#tag a", "#nonsense"]
@pytest.mark.parametrize("seed", range(60, 110))
def test_random(house, seed):
    r = random.Random(seed)
    if seed % 5 == 4: house.changes(subaddress="")
    for _ in range(40):
        what = r.random()
        sent = house.sent
        if what < .3 or not sent:
            house.receives(r.choice(WORDS), author=r.choice(PEOPLE), proven=r.random()<.7, headers=r.choice(MARKS), to=r.choice(["support@desk.example","billing@desk.example","support@desk.example, billing@desk.example", "x@y.example"]), rcpt=[r.choice(["support@desk.example","billing@desk.example"])], subject=r.choice(["A","[#1] A","Re: A","[#2] b"]), message_id=r.choice(["","<same@x>"]), sender=r.choice([None,None,""]))
        elif what < .6:
            house.receives(r.choice(WORDS), author=r.choice(PEOPLE), proven=r.random()<.7, answers=r.choice(sent), headers=[m for m in r.choice(MARKS)], sender=r.choice([None,None,""]))
        elif what < .65:
            l=r.choice(sent)
            house.receives(r.choice(WORDS), author=r.choice(PEOPLE), proven=True, to=l.outgoing.envelope.sender or "support@desk.example")
        elif what < .9:
            mine=[l for l in sent if house.desk.agent_at(l.to)]
            if mine:
                l=r.choice(mine); house.agent_replies(r.choice(COMMANDS), l, agent=house.desk.agent_at(l.to), proven=r.random()<.9)
        else:
            house.passes(seconds=r.choice([30, 61, 400, 4000, 90000, 3000000]))
    bad=[k for k in (house.mail(n) for n in range(1, 60) if True) ] if False else None
    with house.store.read() as tx:
        for k in inbox.listing(tx):
            assert k.state!="waiting"
            assert "could not be decided" not in " ".join(k.because), k.because

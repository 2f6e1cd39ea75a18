"""`causeway demo --keep`: the two chat servers go on, and a person types."""

from .screen import short

_HELP = """Type into the running demo:
  alice TEXT      write as Alice in the current room         bob TEXT     write as Bob (carol, dave too)
  dm USER         Alice opens a direct message with bob, carol or dave; it becomes the current room
  accept USER     reject USER     answer the invitation      revoke USER  Alice takes it back
  room            members and invitations as Alice's side knows them
  quit"""


def run(screen, here, there, domain_here, domain_there, errors):
    """Reads lines until `quit` or the end of the input. Faults of the broker are printed and change nothing."""
    alice = f"@alice:{domain_here}"
    room = here.find("invitation.changed", state="accepted")[0].body["matrix_room_id"]
    screen.note("\n" + _HELP)
    while True:
        try:
            word, _, rest = input("demo> ").strip().partition(" ")
        except EOFError:
            return
        user = f"@{rest.strip()}:{domain_there}"
        try:
            if word == "quit":
                return
            if word == "alice":
                here.send(room, alice, rest)
            elif word in ("bob", "carol", "dave"):
                there.send(room, f"@{word}:{domain_there}", rest)
            elif word == "dm":
                room = here.create_room("dm", alice, [user])["matrix_room_id"]
            elif word in ("accept", "reject"):
                there.answer(room, user, accept=word == "accept")
            elif word == "revoke":
                here.revoke(room, alice, user)
            elif word == "room":
                view = here.command("query.room", {"room": room})
                for member in view["members"]:
                    screen.note(f"  {short(member['user']):<8} {member['membership']}")
                for invitation in view["invitations"]:
                    screen.note(f"  {short(invitation['user']):<8} invitation {invitation['state']}")
            elif word:
                screen.note(_HELP)
        except errors as why:
            screen.note(f"  {why}")

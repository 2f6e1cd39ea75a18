"""A crowd of one server's users joins a room of ours: what each costs, and that what they took goes back to the system when the room is unloaded."""

import os
import unittest

from hostile.case import HostileCase


class CrowdedRoomCase(HostileCase):
    """Of ours the room is founded, so that nothing of it is fetched; the crowd comes by PUT /send, each join after the one before."""
    alone = True

    def crowd(self, room, numbers):
        """Joins of so many users, as (event id, event) in order."""
        auth = [room.state[key, ""][0] for key in ("m.room.create", "m.room.power_levels", "m.room.join_rules")]
        for number in numbers:
            user = self.honest.user(f"crowd{number}")
            yield room.make("m.room.member", {"membership": "join", "displayname": f"Crowd {number}"}, sender=user, state_key=user, auth_events=auth)

    def join_crowd(self, room, numbers):
        joins = list(self.crowd(room, numbers))
        for first in range(0, len(joins), 50):
            part = joins[first:first + 50]
            self.assertEqual(self.verdicts(self.honest, [event for _, event in part]), {event_id: {} for event_id, _ in part})

    def found(self):
        alice = self.ours.user(self.fresh("alice"))
        self.chat.command("user.profile", {"user": alice, "display_name": "Alice"})
        return self.chat.create_room("channel", alice, [], visibility="public")["matrix_room_id"]

    def cpu_s(self):
        with open(f"/proc/{self.ours.broker.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class CostOfAJoin(CrowdedRoomCase):
    def test_members_of_a_room_cost_alike_however_many_there_are(self):
        room = self.honest.join(self.found(), "first")
        self.join_crowd(room, range(200))
        costs = []
        for first in 200, 1_400:
            begun = self.cpu_s()
            self.join_crowd(room, range(first, first + 600))
            costs.append(self.cpu_s() - begun)
            self.join_crowd(room, range(first + 600, first + 1_200))
        # Before, each join walked through all members and copied the state: twice as many cost more than twice as much.
        self.assertLess(costs[1], 1.5 * costs[0] + 0.2, costs)


class MemoryOfACrowd(CrowdedRoomCase):
    settings = {"room": {"idle_s": 3}, "store": {"cache_kib": 1_024, "reader_cache_kib": 512}}  # pages of the store stay, whoever came

    def is_loaded(self, room):
        return any(each["kind"] == "room" and each["key"] == room.room_id for each in self.inspect("actors")["actors"])

    def test_what_a_crowd_took_goes_back_to_the_system_when_the_room_is_unloaded(self):
        with open(f"/proc/{self.ours.broker.process.pid}/maps", encoding="utf8", errors="replace") as maps:
            if "libjemalloc" not in maps.read():
                raise unittest.SkipTest("the allocator that gives memory back is in a build without sanitizers only")
        room = self.honest.join(self.found(), "first")
        self.join_crowd(room, range(500))
        before = self.memory_mib()
        self.join_crowd(room, range(500, 8_000))
        full = self.memory_mib()
        self.assertGreater(full, before + 10)
        self.until(lambda: not self.is_loaded(room), "the room unloaded")
        self.until(lambda: self.memory_mib() < before + (full - before) / 3, lambda: f"memory: {before:.0f} MiB, {full:.0f} with the crowd, {self.memory_mib():.0f} now")
        # And it is there again when somebody asks.
        self.join_crowd(room, range(8_000, 8_001))


if __name__ == "__main__":
    unittest.main()

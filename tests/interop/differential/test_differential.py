"""A few rooms of each version through a real Synapse and the broker; run.py makes any number of them."""

import os

from harness.case import InteropCase
from hostile.resident import Resident

from .peers import BrokerPeer, SynapsePeer
from .play import Play

ROOMS = int(os.environ.get("DIFFERENTIAL_ROOMS", "8"))      # of versions 10, 11 and 12 each; of the older ones a quarter
EVENTS = int(os.environ.get("DIFFERENTIAL_EVENTS", "20"))   # generated in each room
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))        # of the first room; the others follow
ONLY = os.environ.get("DIFFERENTIAL_VERSION")               # one room version; default: all
VERBOSE = bool(os.environ.get("DIFFERENTIAL_VERBOSE"))      # a line per room
KEEP = os.environ.get("DIFFERENTIAL_KEEP")                  # folder for rooms with differences


class GeneratedRooms(InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        theirs = cls.start_synapse("synapse")
        ours = cls.start_causeway("ours", settings={"federation": {"inbound_requests_burst": 10_000},
                                                    "room": {"inbox_retry_ms": 300}})
        cls.synapse = SynapsePeer(theirs, os.path.join(cls.directory, "synapse"))
        cls.causeway = BrokerPeer(ours, os.path.join(cls.directory, "ours"))
        cls.servers = []
        for _ in range(2):
            cls.servers.append(Resident(cls.authority, ours.broker))
            cls.addClassCleanup(cls.servers[-1].close)
        for peer in (cls.synapse, cls.causeway):
            cls.addClassCleanup(peer.close)

    def play(self, *room_versions, rooms):
        chosen = [each for each in room_versions if ONLY in (None, each)]
        if not chosen:
            self.skipTest(f"only version {ONLY} was asked for")
        for room_version in chosen:
            for seed in range(SEED, SEED + rooms):
                with self.subTest(seed=seed, room_version=room_version):
                    self.play_one(room_version, seed)

    def play_one(self, room_version, seed):
        play = Play(self.synapse, self.causeway, self.servers, seed, room_version, EVENTS)
        differences = play.run()
        if VERBOSE:
            print(f"\n    version {room_version} seed {seed} {play.mode}, first to {play.leader.name}: {play.counts}", end="", flush=True)
        if differences:
            if KEEP:
                play.write(os.path.join(KEEP, f"room_{seed}_v{room_version}.json"))
            self.fail("\n\n".join(differences))

    def test_rooms_of_version_10_look_alike_to_both(self):
        self.play("10", rooms=ROOMS)

    def test_rooms_of_version_11_look_alike_to_both(self):
        self.play("11", rooms=ROOMS)

    def test_rooms_of_version_12_look_alike_to_both(self):
        self.play("12", rooms=ROOMS)

    def test_rooms_of_old_versions_look_alike_to_both(self):
        self.play("6", "7", "8", "9", rooms=ROOMS if ONLY else (ROOMS + 3) // 4)

"""A balancer that leads other servers and chat servers to a node that stands by and passes them on."""

import paths  # noqa: F401 - first: it finds what follows
from causeway_demo.balancer import LOOK_S, Balancer


class WayThroughStandby(Balancer):
    """It stays with a node as long as that is alive and does not serve itself: requests that are held there while nobody serves are not cut off."""

    def is_ready(self, node):
        """Whether it serves itself; who passes on is ready as well, and says so."""
        return super().is_ready(node) and not self.passes_on(node)

    def passes_on(self, node):
        return "is asked by way of this one" in self.health(node, "/healthz?verbose")[1]

    @property
    def chosen(self):
        """The place of the node that gets what comes, or None."""
        return self._chosen

    def _watch(self):
        while not self._ended.wait(LOOK_S):
            if not self._stays():
                places = range(len(self._nodes))
                by_way = next((place for place in places if self.passes_on(place)), None)
                self._choose(by_way if by_way is not None else next((place for place in places if self.is_ready(place)), None))

    def _stays(self):
        place = self._chosen
        return place is not None and self.health(place, "/livez")[0] == 200 and not self.is_ready(place)

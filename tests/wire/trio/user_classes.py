"""Classes that only a client program knows. Executed in its `__main__`, so they belong there."""

import dispy


class Params:
    """What a user may hand to `setup`: objects within objects."""

    def __init__(self, name, values):
        self.name, self.values = name, values
        self.children = []

    def __eq__(self, other):
        return type(other) is Params and (self.name, self.values, self.children) == (
            other.name,
            other.values,
            other.children,
        )

    __hash__ = None


class Level(tuple):
    """A class that is made with arguments."""

    __slots__ = ()

    def __new__(cls, *steps):
        return super().__new__(cls, steps)

    def __getnewargs__(self):
        return tuple(self)


class Bag(list):
    """A list with a name."""

    name = ""


class Picky(dispy.NodeAllocate):
    """A user's own choice of nodes, with an attribute of its own."""

    def __init__(self, host, least, **more):
        super().__init__(host, **more)
        self.least = least

    def allocate(self, cluster, ip_addr, name, cpus, avail_info=None, platform=""):
        return cpus if cpus >= self.least else 0


def params():
    """The object that goes to `setup`."""
    bag = Bag([1, 2.5, b"three"])
    bag.name = "bag"
    whole = Params("whole", {"level": Level(1, "two"), "bag": bag, "range": range(3)})
    whole.children += [Params("left", {1, 2}), Params("right", bag)]
    return whole

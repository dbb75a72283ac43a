"""What the property tests draw from: few nodes and patterns, so that things meet often."""

from hypothesis import strategies as st

from gsched.core.admission import Opening
from gsched.core.fleet import NodeFacts
from gsched.core.model.lease import Allocation

NOBODY = "10.7.7.7"  # an address at which there never is a node
ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "10.0.1.2"]
PATTERNS = ["*", "*", "*", "10.0.*", "10.0.0.*", "10.0.1.*", "10.0.0.1", "*.2"]
PORTS = [51348, 51348, 51348, 51400]

FAMILY = st.sampled_from(["new"] * 5 + ["old"])  # of software that works together
NUMBERS = st.sampled_from(range(64))  # which of the things that are there
ADDRESS = st.sampled_from([*ADDRESSES, NOBODY])
ALLOCATIONS = st.lists(
    st.builds(
        Allocation,
        st.sampled_from(PATTERNS),
        port=st.sampled_from([None] * 6 + [51348, 51400]),
        cpus=st.sampled_from([0, 0, 0, 1, 2, -1]),
    ),
    min_size=1,
    max_size=2,
)
OPENINGS = st.builds(
    Opening,
    name=st.sampled_from(["compute", "compute", "batch-1"]),
    client=st.just("10.9.9.9"),
    reentrant=st.booleans(),
    exclusive=st.sampled_from([False] * 7 + [True]),
    allocations=ALLOCATIONS,
    family=FAMILY,
)
FACTS = st.builds(
    NodeFacts,
    address=st.sampled_from(ADDRESSES),
    port=st.sampled_from(PORTS),
    name=st.just("n"),
    cpus=st.sampled_from([1, 2, 3, 1, 0]),
    identity=st.sampled_from(["a", "a", "b"]),
    family=FAMILY,
)
SECONDS = st.sampled_from([0.3, 0.3, 1.0, 1.0, 5.0, 11.0, 30.0, 60.0, 301.0])

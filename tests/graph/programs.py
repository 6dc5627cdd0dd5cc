"""Random programs over `kerasish.ops` that read and assign variables, for hypothesis.

`programs()` draws a `Program`: a list of steps, each a few numbers that pick an
operation and its operands among the values so far. Called on arrays it runs at once, so
what a step does eagerly is the reference for every way of compiling it.
"""

import numpy as np
from hypothesis import strategies as st

from kerasish import ops, random
from kerasish.backend import backend_scope, load_backend
from kerasish.graph.interpret import Interpreter
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.graph.variable import Arena, Variable

DTYPE = "float64"
INPUTS = (Spec((2, 3), DTYPE), Spec((3,), DTYPE))
LARGEST = 150  # elements of a value: programs stay small
MASK = np.array([[True, False, True], [False, True, False]])


class State:
    """The variables of a program, in the backend in force.

    Two lie in an arena, whose flat variable is among them; two stand alone.
    """

    def __init__(self):
        numbers = iter(np.linspace(-1, 1, 16))

        def variable(name, *shape):
            values = [next(numbers) for _ in range(int(np.prod(shape, dtype=int)))]
            return Variable(np.reshape(values, shape), dtype=DTYPE, name=name)

        members = [variable("first", 2, 3), variable("second", 3)]
        self.arena = Arena(members, "flat")
        self.variables = [*members, variable("alone", 2, 3), variable("point")]
        self.variables.append(self.arena.flat)
        self.generator = random.SeedGenerator(5)

    def values(self):
        """Return all values on the host, the generator's included."""
        return [v.numpy() for v in (*self.variables, self.generator.state)]


def fitted(x, shape):
    """Return x in a shape: rearranged where it has as many elements, else its mean."""
    if int(np.prod(x.shape, dtype=int)) == int(np.prod(shape, dtype=int)):
        return ops.reshape(x, shape)
    return ops.broadcast_to(ops.mean(x), shape)


def broadcasts(x, y):
    try:
        return np.prod(np.broadcast_shapes(x.shape, y.shape), dtype=int) <= LARGEST
    except ValueError:
        return False


UNARY = [
    ops.negative,
    ops.tanh,
    ops.absolute,
    ops.relu,
    ops.sigmoid,
    ops.stop_gradient,
    lambda x: ops.multiply(x, 1.0),
    lambda x: ops.add(0, x),
    lambda x: ops.where(ops.greater(x, 0.123), x, 0.5),
    lambda x: ops.where(ops.greater(x, 0.123), 0.5, x),
    lambda x: ops.cast(ops.less(x, 0.123), DTYPE),
    lambda x: ops.clip(x, -0.5, 0.5),
]
MOVING = [
    lambda x: ops.reshape(x, (-1,)),
    ops.transpose,
    lambda x: ops.flip(x),
    lambda x: ops.expand_dims(x, 0),
    lambda x: ops.squeeze(x),
    lambda x: ops.get_item(x, slice(1)) if x.shape else x,
    lambda x: ops.get_item(x, -1) if x.shape else x,
    lambda x: ops.pad(x, 1) if x.shape else x,
    lambda x: ops.broadcast_to(x, (2, *x.shape)),
    lambda x: ops.reshape(x, (*x.shape[::-1],)),
]
REDUCING = [
    ops.sum,
    ops.max,
    lambda x: ops.mean(x, axis=0) if x.shape else x,
    lambda x: ops.sum(x, axis=-1, keepdims=True) if x.shape else x,
    lambda x: ops.cumsum(x, axis=0) if x.shape else x,
    lambda x: ops.softmax(x) if x.shape else x,
]
BINARY = [ops.add, ops.subtract, ops.multiply, ops.maximum, ops.minimum]


class Program:
    """A function of a state and two inputs.

    Args:
        steps: Four numbers each: the kind of step, and three choices.
    """

    def __init__(self, steps):
        self.steps = steps

    def __repr__(self):
        return f"Program({self.steps!r})"

    def __call__(self, state, *inputs):
        """Run the steps; return three of the values."""
        pool = list(inputs)
        for kind, a, b, c in self.steps:
            step = STEPS[kind % len(STEPS)]
            result = step(state, pool, a, b, c)
            if result is not None and np.prod(result.shape, dtype=int) <= LARGEST:
                pool.append(result)
        _, a, b, _ = self.steps[-1]
        return [pool[-1], pool[a % len(pool)], pool[b % len(pool)]]


def pick(pool, i):
    return pool[i % len(pool)]


def unary(state, pool, a, b, c):
    return pick(UNARY, b)(pick(pool, a))


def moving(state, pool, a, b, c):
    return pick(MOVING, b)(pick(pool, a))


def reducing(state, pool, a, b, c):
    return pick(REDUCING, b)(pick(pool, a))


def binary(state, pool, a, b, c):
    x, y = pick(pool, a), pick(pool, b)
    if not broadcasts(x, y):
        y = fitted(y, x.shape)
    result = pick(BINARY, c)(x, y)
    # what is multiplied again and again must not grow without bound
    return ops.tanh(result) if c % 2 else ops.multiply(result, 0.5)


def joining(state, pool, a, b, c):
    x, y = pick(pool, a), pick(pool, b)
    rest = [fitted(y, x.shape)] * (1 + c % 2)
    return ops.concatenate([x, *rest], axis=c % len(x.shape)) if x.shape else x


def product(state, pool, a, b, c):
    x = pick(pool, a)
    return ops.tanh(ops.matmul(x, ops.transpose(x))) if len(x.shape) == 2 else None


def masked(state, pool, a, b, c):
    x, y = (fitted(pick(pool, i), MASK.shape) for i in (a, b))
    return ops.where(MASK, x, y)


def noisy(state, pool, a, b, c):
    return random.dropout(pick(pool, a), 0.5, seed=state.generator)


def reading(state, pool, a, b, c):
    return ops.convert_to_tensor(pick(state.variables, a))


def writing(state, pool, a, b, c):
    variable = pick(state.variables, a)
    variable.assign(fitted(pick(pool, b), variable.shape))


def updating(state, pool, a, b, c):
    """Assign to a variable what is made of itself, perhaps turned."""
    variable = pick(state.variables, a)
    old = pick([ops.negative, ops.flip, pick(UNARY, b)], c)(variable)
    result = ops.maximum(fitted(old, variable.shape), variable)
    variable.assign(result)
    return result if b % 2 else None


def growing(state, pool, a, b, c):
    """Repeat a value, then use it where a single one would have done."""
    x = ops.broadcast_to(pick(pool, a), (2, *pick(pool, a).shape))
    return pick(UNARY, b)(x) if c % 2 else pick(MOVING, b)(x)


def undoing(state, pool, a, b, c):
    """Write what the simplifier takes back."""
    x, y = pick(pool, a), pick(pool, b)
    y = y if broadcasts(x, y) else fitted(y, x.shape)
    return pick(UNDONE, c)(x, y)


UNDONE = [
    lambda x, y: ops.add(x, ops.negative(y)),
    lambda x, y: ops.subtract(x, ops.negative(y)),
    lambda x, y: ops.negative(ops.negative(x)),
    lambda x, y: ops.transpose(ops.transpose(x)),
    lambda x, y: ops.add(x, 1) if x.shape else ops.subtract(x, 0),
    lambda x, y: ops.subtract(ops.divide(x, 1), 1),
    lambda x, y: ops.reshape(ops.reshape(x, (-1,)), (*x.shape[::-1],)),
    lambda x, y: ops.multiply(ops.add(x, 1), 0.5),
]


def swapping(state, pool, a, b, c):
    first, third = state.variables[0], state.variables[2]
    old = ops.convert_to_tensor(first)
    first.assign(third)
    third.assign(old)


def looping(state, pool, a, b, c):
    """Scan along the first axis; some loops assign a variable in each step."""
    x = pick(pool, a)
    if not x.shape or not x.shape[0]:
        return None
    start, variable = fitted(pick(pool, b), x.shape[1:]), pick(state.variables, b)

    def step(carry, row):
        if c % 3 == 0:
            variable.assign(fitted(ops.tanh(ops.multiply(carry, 0.5)), variable.shape))
        elif c % 3 == 1:
            row = ops.add(row, ops.mean(variable))
        carry = ops.tanh(ops.add(carry, pick(UNARY, c)(row)))
        return carry, pick([carry, row, ops.sum(carry)], c // 3)

    last, collected = ops.scan(step, start, x, reverse=bool(b % 2))
    return last if c % 2 else collected


def branching(state, pool, a, b, c):
    """Take one of two branches; one of them may assign a variable."""
    x, variable = pick(pool, a), pick(state.variables, c)

    def assigning():
        if c % 2:
            variable.assign(fitted(ops.tanh(x), variable.shape))
        return pick(UNARY, b)(x)

    condition = ops.greater(ops.mean(pick(pool, b)), 0.0123)
    return ops.cond(condition, assigning, lambda: ops.multiply(x, 0.5))


STEPS = [
    *(unary, moving, binary, reading, writing, reducing, joining, masked, product),
    *(noisy, swapping, unary, binary, writing, moving, updating, updating),
    *(growing, undoing, joining, looping, branching),
]

_choice = st.sampled_from(range(60))  # drawn evenly, where integers prefer small ones


def programs(longest=16):
    """Return a strategy of programs."""
    step = st.tuples(_choice, _choice, _choice, _choice)
    return st.builds(Program, st.lists(step, min_size=8, max_size=longest).map(tuple))


def batches(count):
    """Return inputs for a few runs."""
    rng = np.random.default_rng(11)
    return [[rng.uniform(-1, 1, s.shape) for s in INPUTS] for _ in range(count)]


def eagerly(program, count, backend="numpy"):
    """Return what some runs give when computed at once, and the state in the end."""
    with backend_scope(backend):
        state = State()
        outputs = []
        for batch in batches(count):
            tensors = [ops.convert_to_tensor(x) for x in batch]
            outputs += [host(y) for y in program(state, *tensors)]
        return outputs, state.values()


def host(x):
    return np.array(ops.convert_to_numpy(x))


def graph_of(program, state):
    """Return the graph of a program on a state."""
    return trace(lambda *inputs: program(state, *inputs), INPUTS)


def compiled(program, count, backend="numpy", optimize=True):
    """Return the same from a replayed plan."""
    with backend_scope(backend):
        state = State()
        run = compile_graph(graph_of(program, state), load_backend(backend), optimize)
        outputs = []
        for batch in batches(count):
            tensors = [ops.convert_to_tensor(x) for x in batch]
            outputs += [host(y) for y in run(*tensors)]
        return outputs, state.values()


def interpreted(program, count, backend="numpy"):
    """Return the same from the interpreter of `run_eagerly`."""
    with backend_scope(backend):
        chosen, state = load_backend(backend), State()
        lowered = prepare(graph_of(program, state), chosen, optimize=False)
        outputs = []
        with Interpreter(lowered, chosen).replay() as replay:
            for batch in batches(count):
                for target, source in zip(replay.inputs, batch, strict=True):
                    chosen.upload(target, source)
                replay.run()
                outputs += [host(y) for y in replay.outputs]
        return outputs, state.values()


def assert_same(found, expected):
    """Assert that outputs and states agree, up to the order sums are added in."""
    for ours, theirs in zip(found, expected, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)

"""The benchmark's cases in JAX, one jitted step with optax, on the CPU."""
import jax
import jax.numpy as jnp
import optax

from protocol import serve


def mlp(inputs, hidden, batch):
    keys = jax.random.split(jax.random.PRNGKey(0), 4)
    shapes = [(inputs, hidden), (hidden, hidden), (hidden, 10)]
    weights = [jax.random.normal(k, s) * (2 / s[0]) ** 0.5 for k, s in zip(keys, shapes)]
    x = jax.random.normal(keys[3], (batch, inputs))
    labels = jnp.arange(batch) % 10
    optimizer = optax.sgd(0.01, momentum=0.9)

    def loss(weights):
        h = x
        for w in weights[:-1]:
            h = jax.nn.relu(h @ w)
        return optax.softmax_cross_entropy_with_integer_labels(h @ weights[-1], labels).mean()

    def update(weights, state):
        value, gradients = jax.value_and_grad(loss)(weights)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(weights, updates), state, value

    jitted = jax.jit(update, donate_argnums=(0, 1))
    current = [weights, optimizer.init(weights)]

    def step():
        current[0], current[1], value = jitted(*current)
        return value.block_until_ready()

    return step


def spd_inverse(order):
    x = jax.random.normal(jax.random.PRNGKey(0), (order, 2 * order))
    matrix = x @ x.T / (2 * order) + 1e-3 * jnp.eye(order)

    @jax.jit
    def inverse(a):
        return jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(a), jnp.eye(order))

    return lambda: inverse(matrix).block_until_ready()


serve(f"JAX {jax.__version__}", {"mlp": mlp, "spd-inverse": spd_inverse})

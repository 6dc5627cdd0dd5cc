"""`keras.ops.linalg`: decompositions, systems of equations, norms."""

from kerasish.ops.namespaces import handing_on

NAMES = (
    "cholesky cholesky_inverse det eig eigh inv jvp lstsq lu_factor matrix_rank norm "
    "pinv qr solve solve_triangular svd"
).split()
__getattr__, __dir__ = handing_on(NAMES)

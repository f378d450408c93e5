"""Recurrent networks and reservoirs as scikit-learn estimators; needs the extra `sklearn`."""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "evornn.estimators needs the package scikit-learn, which is not installed; pip install "
        "'evornn[sklearn]'."
    ) from error

from evornn.estimators.esn import ESNClassifier as ESNClassifier
from evornn.estimators.esn import ESNRegressor as ESNRegressor
from evornn.estimators.evolved import EvolvedClassifier as EvolvedClassifier
from evornn.estimators.evolved import EvolvedRegressor as EvolvedRegressor
from evornn.estimators.gradient import GradientClassifier as GradientClassifier
from evornn.estimators.gradient import GradientRegressor as GradientRegressor

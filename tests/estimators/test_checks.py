"""scikit-learn's own checks of estimators."""

import warnings

from sklearn.utils.estimator_checks import parametrize_with_checks

from evornn.estimators import (
    ESNClassifier,
    ESNRegressor,
    EvolvedClassifier,
    EvolvedRegressor,
    GradientClassifier,
    GradientRegressor,
)

ORDERED = "rows are steps of time: an answer depends on the steps before it"
EXPECTED = {
    "check_methods_sample_order_invariance": ORDERED,
    "check_methods_subset_invariance": ORDERED,
}
EVOLVED = {"hidden": 4, "population": 64, "generations": 40}
TRAINED = {"hidden": 4, "updates": 60, "learning_rate": 0.05}
ESTIMATORS = [
    ESNRegressor(units=20),
    ESNClassifier(units=20),
    ESNRegressor(units=20, readout="rls"),
    ESNClassifier(units=20, readout="rls"),
    EvolvedRegressor(**EVOLVED),
    EvolvedClassifier(**EVOLVED),
    GradientRegressor(**TRAINED),
    GradientClassifier(**TRAINED),
]


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=lambda estimator: EXPECTED)
def test_every_estimator_passes_the_checks_of_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # the checks fit on purpose what deserves a warning
        check(estimator)

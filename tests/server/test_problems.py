"""Each error of holdall is a problem with its status, and no problem tells what the service keeps to itself."""

import pytest
from formencode import Schema, validators

import holdall
from holdall import errors
from holdall.server import app

SECRET = "s3://key:hunter2@bucket/srv/data token=hunter2"

STATUS = {
    errors.InvalidKey: 400,
    errors.InvalidPosition: 400,
    errors.InvalidQuery: 400,
    errors.Invalid: 422,
    errors.TooLarge: 413,
    errors.Conflict: 409,
    errors.Expired: 410,
    errors.NoRevision: 404,
    errors.Unsupported: 501,
    errors.PermissionDenied: 403,
    errors.StoreFull: 507,
    errors.Unavailable: 503,
    errors.Stale: 503,
    errors.Throttled: 503,
    errors.Unacknowledged: 503,
    errors.StoreNotFound: 503,
    errors.Fenced: 503,
    errors.OverBudget: 503,
    errors.Corrupt: 500,
    errors.Mismatch: 500,
    errors.InvalidAddress: 500,
    errors.MissingExtra: 500,
    errors.QueryFailed: 500,
    errors.HoldallError: 500,
}
OF_THE_REQUEST = {errors.InvalidKey, errors.InvalidPosition, errors.InvalidQuery, errors.Invalid}


class Failing(holdall.PassThrough):
    """Raises ``error`` at each read."""

    error: Exception = RuntimeError(SECRET)

    def get_tagged(self, key):
        raise self.error


@pytest.fixture(scope="module")
def failing():
    return Failing(holdall.Memory())


class Account(Schema):
    code = validators.Regex(r"^[0-9]{4}$")
    name = validators.String(not_empty=True)


@pytest.fixture(scope="module")
def http(serving, failing):
    checked = holdall.Validate(holdall.Json(holdall.Memory()), Account())
    with serving({"failing": failing, "checked": checked}) as client:
        yield client


def test_the_table_names_every_error():
    named = {each for each in vars(errors).values() if isinstance(each, type)}
    assert {each for each in named if issubclass(each, errors.HoldallError)} == set(STATUS)


@pytest.mark.parametrize("error", STATUS)
def test_an_error_has_its_status_and_shows_nothing_of_the_store(http, failing, error):
    failing.error = error("not valid" if error in OF_THE_REQUEST else SECRET)
    answer = http("GET", "/v1/failing/docs/a")
    problem = answer.json()
    assert (answer.status, problem["status"]) == (STATUS[error], STATUS[error])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"urn:holdall:{error.__name__}"
    assert ("Retry-After" in answer.headers) == (answer.status == 503)
    for word in ("bucket", "srv", "hunter2"):
        assert word not in str(problem) + str(answer.headers)


def test_any_other_error_is_500_without_its_message(http, failing):
    failing.error = RuntimeError(SECRET)
    answer = http("GET", "/v1/failing/docs/a")
    assert (answer.status, "bucket" in answer.data.decode()) == (500, False)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_schema_refuses_with_every_field(http):
    refused = http("PUT", "/v1/checked/docs/a", doc={"code": "82", "name": ""})
    assert refused.status == 422
    assert refused.json()["errors"].keys() == {"code", "name"}


def test_pickled_objects_are_not_served():
    with pytest.raises(holdall.Unsupported):
        app({"objects": holdall.Pickle(holdall.Memory(), trust=True)})


def test_a_name_that_a_path_cannot_hold_is_refused():
    for name in ("", "a/b", "a b", "a:b", "é"):
        with pytest.raises(holdall.InvalidAddress):
            app({name: holdall.Memory()})

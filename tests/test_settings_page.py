"""The settings' callbacks as the browser calls them, and as somebody calls them who may not."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from app.pages import settings as settings_page
from components.ids import Id
from components.settings import MAY_NOT
from tests.test_components import ids_in, text

if TYPE_CHECKING:
    from dash import Dash
    from flask.testing import FlaskClient

    from data.desk import Desk

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
Call = Callable[..., Any]


@pytest.fixture
def call(app: "Dash", client: "FlaskClient", bearer_with: Callable[..., dict[str, str]]) -> Call:
    """Call the callback that a component triggers, with values for its inputs and states, as somebody with these scopes."""

    def send(trigger: str, *values: object, scopes: tuple[str, ...] = ("read", "control")) -> Any:
        entry = next(one for one in app._callback_list if one["inputs"][0]["id"] == trigger)
        ends = [*entry["inputs"], *entry["state"]]
        filled = [{**end, "value": value} for end, value in zip(ends, values, strict=True)]
        outputs = [part.rpartition(".") for part in entry["output"].strip(".").split("...")]
        body = {
            "output": entry["output"],
            "outputs": [{"id": id, "property": name} for id, _, name in outputs]
            if len(outputs) > 1
            else {"id": outputs[0][0], "property": outputs[0][2]},
            "inputs": filled[: len(entry["inputs"])],
            "state": filled[len(entry["inputs"]) :],
            "changedPropIds": [f"{trigger}.{entry['inputs'][0]['property']}"],
        }
        return client.post("/_dash-update-component", json=body, headers=bearer_with(*scopes))

    return send


def names(desk: "Desk") -> list[str]:
    return [token["name"] for token in desk.accounts.list_tokens()]


def test_a_token_is_made_with_the_wanted_scopes_and_shown_once(call: Call, desk: "Desk") -> None:
    answer = call(Id.ACCESS_CREATE, 1, " my bot ", ["read", "ingest"], "")
    assert answer.status_code == 200
    made = desk.accounts.list_tokens()[0]
    assert (made["name"], made["scopes"], made["bot"]) == ("my bot", "ingest read", None)
    assert made["prefix"] in answer.text
    assert made["prefix"] + "…" in call(Id.ACCESS_CHANGED, None).json["response"][Id.ACCESS_LIST].__str__()


@pytest.mark.parametrize("form", [("", ["read"], ""), ("x", [], ""), ("x", ["root"], ""), ("x", None, 7), (None, [["read"]], None)])
def test_a_form_that_is_wrong_makes_no_token_and_says_why(call: Call, desk: "Desk", form: tuple[Any, ...]) -> None:
    before = len(names(desk))
    answer = call(Id.ACCESS_CREATE, 1, *form)
    assert answer.status_code == 200
    assert "No token was made" in answer.text
    assert len(names(desk)) == before + 1, "only the caller's own"


def test_who_may_only_look_makes_revokes_and_lists_no_token(call: Call, desk: "Desk") -> None:
    desk.accounts.create_token("kept", ["ingest"])
    kept = str(desk.accounts.list_tokens()[0]["id"])
    assert call(Id.ACCESS_CREATE, 1, "mine", ["control"], "", scopes=("read",)).status_code == 403
    assert call(Id.ACCESS_REVOKE, kept, scopes=("read",)).status_code == 403
    assert call(Id.ACCESS_CHANGED, None, scopes=("read",)).status_code == 204
    assert "mine" not in names(desk)
    assert next(token for token in desk.accounts.list_tokens() if token["name"] == "kept")["revoked_at"] is None


@pytest.mark.parametrize("number", [None, 7, "x", "-1", "9" * 40, "٣"])
def test_a_forged_number_revokes_nothing_and_breaks_nothing(call: Call, number: object) -> None:
    assert call(Id.ACCESS_REVOKE, number).status_code in {200, 204}


def test_a_token_is_revoked_by_its_number(call: Call, desk: "Desk") -> None:
    desk.accounts.create_token("gone", ["ingest"])
    assert call(Id.ACCESS_REVOKE, str(desk.accounts.list_tokens()[0]["id"])).status_code == 200
    assert next(token for token in desk.accounts.list_tokens() if token["name"] == "gone")["revoked_at"] is not None


@pytest.mark.usefixtures("backend")
def test_the_page_tells_a_viewer_that_it_may_not() -> None:
    page = settings_page.layout(False)
    assert MAY_NOT in text(page)
    assert Id.ACCESS_CREATE not in ids_in(page)

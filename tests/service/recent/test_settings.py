"""What may be set of the last minutes."""

import pytest
from pydantic import ValidationError

from service.recent.settings import OUTPUTS, RecentSettings


def test_defaults_and_bounds() -> None:
    assert RecentSettings().minutes == 15
    assert RecentSettings(minutes=0).outputs == list(OUTPUTS)
    for wrong in ({"minutes": -1}, {"minutes": 241}, {"megabytes": 0}, {"outputs": [""]}, {"hours": 1}):
        with pytest.raises(ValidationError):
            RecentSettings.model_validate(wrong)

"""The rules as types for pydantic models. Their JSON schemas state the rule; their errors have its message."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from boutique_contract import limits
from boutique_contract.rules import TextRule


def _text(rule: TextRule, *, optional: bool = False) -> tuple[AfterValidator, WithJsonSchema]:
    def check(text: str) -> str:
        if not (optional and not text) and (problem := rule.problem(text)):
            raise PydanticCustomError("rule", "{problem}", {"problem": problem})
        return text

    pattern = f"(?:{rule.pattern})?" if optional else rule.pattern
    schema = {"type": "string", "pattern": f"^{pattern}$", "maxLength": rule.maximum_length}
    return AfterValidator(check), WithJsonSchema(schema)


Identifier = Annotated[str, *_text(limits.IDENTIFIER)]
EmailAddressOrEmpty = Annotated[str, *_text(limits.EMAIL_ADDRESS, optional=True)]
StreetLine1 = Annotated[str, *_text(limits.STREET_LINE_1)]
StreetLine2 = Annotated[str, *_text(limits.STREET_LINE_2)]
City = Annotated[str, *_text(limits.CITY)]
State = Annotated[str, *_text(limits.STATE)]
PostalCodeOrEmpty = Annotated[str, *_text(limits.POSTAL_CODE, optional=True)]
Country = Annotated[str, *_text(limits.COUNTRY)]
CardName = Annotated[str, *_text(limits.CARD_NAME)]
CardNumber = Annotated[str, *_text(limits.CARD_NUMBER)]
CardExpiration = Annotated[str, *_text(limits.CARD_EXPIRATION)]
SecurityCode = Annotated[str, *_text(limits.SECURITY_CODE)]
SearchQuery = Annotated[str, *_text(limits.SEARCH_QUERY)]

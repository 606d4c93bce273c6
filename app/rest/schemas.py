"""The models of requests and answers as JSON Schema, as OpenAPI 3.1 takes it."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonRef, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from data.edits import Change

Schema = dict[str, Any]
TEMPLATE = "#/components/schemas/{model}"


class _Writer(GenerateJsonSchema):
    """Pydantic's own, without a title on every field, and with what the converters of `data.fields` accept beside the plain value."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave the titles out: they repeat the names."""
        return False

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Describe an enumeration behind a converter as it is taken: in any case. Other converters narrow what the inner schema says."""
        inner = super().function_before_schema(schema)
        known = self.get_schema_from_definitions(JsonRef(inner["$ref"])) if "$ref" in inner else inner
        if known is None or "enum" not in known:
            return inner
        about = {name: known[name] for name in ("description",) if name in known}
        return about | {"type": "string", "anyOf": [{"enum": known["enum"]}, {"pattern": f"^({'|'.join(map(_any_case, known['enum']))})$"}]}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Bind every key by its rules; pydantic's own binds the values of those keys alone that match the pattern."""
        made = super().dict_schema(schema)
        if "patternProperties" not in made:
            return made
        [values] = made.pop("patternProperties").values()
        return made | {"propertyNames": self.generate_inner(schema["keys_schema"]), "additionalProperties": values}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Describe a partial change exactly: it changes something, and empties only what may be empty."""
        made = super().model_schema(schema)
        if issubclass(schema["cls"], Change):
            made["minProperties"] = 1
            for name in schema["cls"].never_empty:
                made["properties"][name] = without_null(made["properties"][name])
        return made


def without_null(schema: Schema) -> Schema:
    """Return a field's schema without null among its types, for where to leave the field out says the same or null is refused."""
    said: Schema = {name: value for name, value in schema.items() if name != "anyOf" and not (name == "default" and value is None)}
    choices: list[Schema] = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        return choices[0] | said
    return said | ({"anyOf": choices} if choices else {})


def _any_case(word: str) -> str:
    # JSON Schema's regular expressions know no flags.
    return "".join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else re.escape(letter) for letter in word)


class Schemas:
    """The schemas of some models, and of what they are made of."""

    def __init__(self, models: Iterable[type[BaseModel]]) -> None:
        """Write the schemas of `models`. Raises ValueError when two different ones have the same name."""
        inputs = [(model, "validation") for model in sorted(set(models), key=lambda model: (model.__name__, model.__module__))]
        references, made = models_json_schema(inputs, ref_template=TEMPLATE, schema_generator=_Writer)  # type: ignore[arg-type]  # it knows no literal in a tuple
        self.definitions: dict[str, Schema] = made.get("$defs", {})
        self._references = {model: reference for (model, _), reference in references.items()}
        if doubles := [name for name in self.definitions if "__" in name]:
            raise ValueError(f"two models have the same name: {', '.join(doubles)}")

    def reference(self, model: type[BaseModel]) -> Schema:
        """Return the reference to a model's schema."""
        return dict(self._references[model])

    def fields(self, model: type[BaseModel]) -> tuple[dict[str, Schema], list[str]]:
        """Return the schema of each field, and the names of those that must be there."""
        definition = self.definitions[self._references[model]["$ref"].rpartition("/")[2]]
        return definition.get("properties", {}), definition.get("required", [])

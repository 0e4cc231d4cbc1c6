"""Validates every exported example against its schema, and that no mutated one is valid.

usage: schema.py FOLDER   (what `samverk export --format json-schema --out FOLDER` wrote)
"""

import copy
import glob
import json
import os
import sys

import jsonschema


def mutated(whole, schema):
    """Each with one fault, and what it is."""
    for name in schema["required"]:
        other = copy.deepcopy(whole)
        del other[name]
        yield f"without {name}", other
    other = copy.deepcopy(whole)
    other["steg"] = "något annat"
    yield "another step", other
    of_facts = schema["properties"]["uppgifter"]
    other = copy.deepcopy(whole)
    other["uppgifter"]["påhittad.uppgift"] = 1
    yield "a fact that the step does not get", other
    for name in of_facts["required"]:
        other = copy.deepcopy(whole)
        del other["uppgifter"][name]
        yield f"without {name}", other
    for name in whole["uppgifter"]:
        of_fact = of_facts["properties"][name]
        faults = [("a value of no kind", {"påhittat": []})]
        if of_fact.get("type") == "array":
            faults.append(("too many items", whole["uppgifter"][name] * 1000 + [{"x": 1}] * 1000))
            faults.append(("an item of no kind", [{"påhittad.kolumn": 1}]))
        if "minimum" in of_fact:
            faults.append(("too little", of_fact["minimum"] - 1))
        if "maximum" in of_fact:
            faults.append(("too much", of_fact["maximum"] + 1))
        if "maxLength" in of_fact:
            faults.append(("too long", "x" * (of_fact["maxLength"] + 1)))
            faults.append(("empty", ""))
        if "enum" in of_fact:
            faults.append(("another word", "något annat"))
        if "pattern" in of_fact:
            faults.append(("wrong form", "x"))
        if of_fact.get("type") == "boolean":
            faults.append(("a word for a yes", "ja"))
        for what, value in faults:
            other = copy.deepcopy(whole)
            other["uppgifter"][name] = value
            yield f"{name}: {what}", other


def main(folder):
    examples = refused = faults = missed = 0
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*.schema.json"))):
        schema = json.load(open(path, encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        base = os.path.basename(path)[: -len(".schema.json")]
        own = 0
        for example in sorted(glob.glob(os.path.join(glob.escape(folder), "exempel", base + ".*.json"))):
            whole = json.load(open(example, encoding="utf-8"))
            examples += 1
            own += 1
            for error in checker.iter_errors(whole):
                refused += 1
                print(f"REFUSED {example}: {list(error.path)} {error.message}")
            for what, other in mutated(whole, schema):
                faults += 1
                if checker.is_valid(other):
                    missed += 1
                    print(f"MISSED {example}: {what}")
        print(f"  {base:44} {own:4} examples")
    print(f"{examples} examples, {refused} refused; {faults} mutated, {missed} taken")
    return 1 if refused or missed or not examples else 0


sys.exit(main(sys.argv[1]))

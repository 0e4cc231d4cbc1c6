"""Validates exported processes against the OMG's XML Schemas, and that a mutated one is refused.

usage: bpmn.py BPMN20.xsd FOLDER   (what `samverk export --format bpmn --out FOLDER` wrote)
"""

import copy
import glob
import os
import sys

from lxml import etree

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"

schema = etree.XMLSchema(etree.parse(sys.argv[1]))


def mutated(process):
    """Each with one fault, and what it is."""
    other = copy.deepcopy(process)
    flow = next(other.iter(MODEL + "sequenceFlow"))
    del flow.attrib["targetRef"]
    yield "a flow that leads nowhere", other
    other = copy.deepcopy(process)
    etree.SubElement(next(other.iter(MODEL + "process")), MODEL + "påhittat")
    yield "an element that BPMN does not have", other
    other = copy.deepcopy(process)
    ids = [element for element in other.iter(MODEL + "*") if "id" in element.attrib]
    ids[-1].set("id", ids[0].get("id"))
    yield "the same id twice", other


wrong = faults = taken = 0
files = sorted(glob.glob(os.path.join(glob.escape(sys.argv[2]), "*.bpmn")))
for path in files:
    process = etree.parse(path)
    valid = schema.validate(process)
    print(f"  {os.path.basename(path):44} {'valid' if valid else 'NOT VALID'}")
    for error in list(schema.error_log)[:5]:
        print(f"    line {error.line}: {error.message}")
    wrong += not valid
    for what, other in mutated(process):
        faults += 1
        if schema.validate(other):
            taken += 1
            print(f"    TAKEN: {what}")
print(f"{len(files)} processes, {wrong} not valid; {faults} mutated, {taken} taken")
sys.exit(1 if wrong or taken or not files else 0)

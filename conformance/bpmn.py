"""Validates exported processes against the OMG's XML Schemas.

usage: bpmn.py BPMN20.xsd FOLDER
"""

import glob
import os
import sys

from lxml import etree

schema = etree.XMLSchema(etree.parse(sys.argv[1]))
files = sorted(glob.glob(os.path.join(glob.escape(sys.argv[2]), "*.bpmn")))
wrong = 0
for path in files:
    valid = schema.validate(etree.parse(path))
    print(f"  {os.path.basename(path):44} {'valid' if valid else 'NOT VALID'}")
    for error in list(schema.error_log)[:5]:
        print(f"    line {error.line}: {error.message}")
    wrong += not valid
print(f"{len(files)} processes, {wrong} not valid")
sys.exit(1 if wrong or not files else 0)

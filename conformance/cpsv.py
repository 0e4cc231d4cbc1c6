"""Reads exported service descriptions with rdflib and compares the two notations.

usage: cpsv.py FOLDER
"""

import glob
import os
import sys

import rdflib
from rdflib.compare import isomorphic

CPSV = rdflib.Namespace("http://purl.org/vocab/cpsv#")
CV = rdflib.Namespace("http://data.europa.eu/m8g/")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")
# What CPSV-AP 3.2 says that a class must have.
MANDATORY = {
    CPSV.PublicService: [DCT.identifier, DCT.title, DCT.description, CV.hasCompetentAuthority],
    CPSV.Rule: [DCT.identifier, DCT.title, DCT.description],
    CV.Output: [DCT.identifier, DCT.title],
    CV.Cost: [DCT.identifier],
    CV.Channel: [DCT.identifier],
    CV.Requirement: [DCT.identifier, DCT.title],
    CV.PublicOrganisation: [DCT.title, DCT.spatial],
}

wrong = 0
files = sorted(glob.glob(os.path.join(glob.escape(sys.argv[1]), "*.ttl")))
for path in files:
    turtle = rdflib.Graph().parse(path, format="turtle")
    json_ld = rdflib.Graph().parse(path[: -len("ttl")] + "jsonld", format="json-ld")
    same = isomorphic(turtle, json_ld)
    wrong += not same
    print(f"  {os.path.basename(path):44} {len(turtle):5} statements, JSON-LD {'the same' if same else 'DIFFERS'}")
    for of_class, properties in MANDATORY.items():
        for resource in turtle.subjects(rdflib.RDF.type, of_class):
            for wanted in properties:
                if turtle.value(resource, wanted) is None:
                    wrong += 1
                    print(f"    {resource} lacks {wanted}")
print(f"{len(files)} descriptions, {wrong} wrong")
sys.exit(1 if wrong or not files else 0)

"""Judges exported service descriptions: by the shapes of CPSV-AP 3.2 (SHACL), and that both notations say the same.

usage: cpsv.py SHAPES FOLDER   (what `samverk export --format cpsv-ap --out FOLDER` wrote)
"""

import collections
import glob
import os
import sys

import pyshacl
import rdflib
from rdflib.compare import isomorphic

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
CPSV = rdflib.Namespace("http://purl.org/vocab/cpsv#")

shapes = rdflib.Graph().parse(sys.argv[1], format="turtle")
targets = {target for target in shapes.objects(None, SH.targetClass)}


def faults_of(graph):
    """What the shapes do not accept: each kind with how many there are and one of them."""
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none")
    kinds = collections.defaultdict(list)
    for result in report.subjects(rdflib.RDF.type, SH.ValidationResult):
        kind = (report.value(result, SH.resultPath), str(report.value(result, SH.resultMessage)))
        kinds[kind].append(report.value(result, SH.focusNode))
    return kinds


def without(graph, of_class, path):
    """The description with one thing missing that the standard says must be there."""
    other = rdflib.Graph()
    subject = next(graph.subjects(rdflib.RDF.type, of_class))
    for triple in graph:
        if triple[0] != subject or triple[1] != path:
            other.add(triple)
    return other


wrong = taken = mutated = 0
files = sorted(glob.glob(os.path.join(glob.escape(sys.argv[2]), "*.ttl")))
for path in files:
    turtle = rdflib.Graph().parse(path, format="turtle")
    json_ld = rdflib.Graph().parse(path[: -len("ttl")] + "jsonld", format="json-ld")
    same = isomorphic(turtle, json_ld)
    faults = faults_of(turtle)
    described = sum(1 for subject, of in turtle.subject_objects(rdflib.RDF.type) if of in targets)
    wrong += not same or bool(faults)
    print(
        f"  {os.path.basename(path):44} {len(turtle):5} statements, {described:4} things with a shape, "
        f"{sum(map(len, faults.values()))} faults, JSON-LD {'the same' if same else 'DIFFERS'}"
    )
    for (of, message), nodes in faults.items():
        print(f"    {len(nodes)} × {of}: {message}, as in {nodes[0]}")
    # The shapes are awake: without what is mandatory they must say no.
    for name in ["identifier", "title", "description"]:
        mutated += 1
        if not faults_of(without(turtle, CPSV.PublicService, rdflib.DCTERMS[name])):
            taken += 1
            print(f"    TAKEN without {name}")
print(f"{len(files)} descriptions, {wrong} wrong; {mutated} mutated, {taken} taken")
sys.exit(1 if wrong or taken or not files else 0)

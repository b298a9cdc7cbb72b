"""Apache Beam: reads and writes stores in a pipeline, and runs queries as a pipeline.

A pipeline shuffles the groups of a query, so a result may have more groups than one machine can hold.
"""

from holdall.query.beam.asking import to_pipeline
from holdall.query.beam.reading import ReadFromStore
from holdall.query.beam.writing import WriteToStore

__all__ = ["ReadFromStore", "WriteToStore", "to_pipeline"]

"""The common part of the stores in buckets: Amazon S3 and Google Cloud Storage."""

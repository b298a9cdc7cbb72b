"""Parts of the stores that use Amazon's SDK: Amazon S3 and DynamoDB."""

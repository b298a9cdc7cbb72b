#!/bin/sh
# Run by LocalStack when S3 is ready.
awslocal s3api create-bucket --bucket demo

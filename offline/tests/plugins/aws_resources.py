"""A resource of each type that the emulated plugin covers, in an order in which they can be created."""

import json
from typing import Final

from boutique_offline.plugins.properties import Asset, Secret
from offline.tests.plugins.aws_account import Declared, Output


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(action: str) -> str:
    statement = {"Effect": "Allow", "Action": [action], "Resource": ["*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_KEPT: Final = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5},
            "action": {"type": "expire"},
        }
    ]
}
_CLUSTER: Final = {
    "name": "trial",
    "version": "1.34",
    "roleArn": Output("cluster-role", "arn"),
    "accessConfig": {"authenticationMode": "API"},
    "bootstrapSelfManagedAddons": False,
    "computeConfig": {
        "enabled": True,
        "nodePools": ["general-purpose", "system"],
        "nodeRoleArn": Output("role", "arn"),
    },
    "deletionProtection": False,
    "enabledClusterLogTypes": ["api", "audit"],
    "encryptionConfig": {"provider": {"keyArn": Output("key", "arn")}, "resources": ["secrets"]},
    "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}, "serviceIpv4Cidr": "172.20.0.0/16"},
    "storageConfig": {"blockStorage": {"enabled": True}},
    "upgradePolicy": {"supportType": "STANDARD"},
    "vpcConfig": {
        "subnetIds": [Output("subnet"), Output("other-subnet")],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["203.0.113.0/24"],
    },
}
_INSTANCE: Final = {
    "identifier": "trial",
    "engine": "postgres",
    "engineVersion": "17",
    "instanceClass": "db.t4g.micro",
    "allocatedStorage": 20,
    "maxAllocatedStorage": 100,
    "storageType": "gp3",
    "storageEncrypted": True,
    "kmsKeyId": Output("key", "arn"),
    "dbName": "trial",
    "username": "trial",
    "password": Secret("drawn-for-the-test"),
    "caCertIdentifier": "rds-ca-rsa2048-g1",
    "port": 5432,
    "dbSubnetGroupName": Output("database-subnets", "name"),
    "parameterGroupName": Output("database-parameters", "name"),
    "vpcSecurityGroupIds": [Output("group")],
    "publiclyAccessible": False,
    "multiAz": True,
    "backupRetentionPeriod": 7,
    "backupWindow": "01:00-01:30",
    "maintenanceWindow": "sun:03:00-sun:04:00",
    "applyImmediately": True,
    "copyTagsToSnapshot": True,
    "deletionProtection": False,
    "skipFinalSnapshot": True,
    "autoMinorVersionUpgrade": True,
    "allowMajorVersionUpgrade": True,
    "databaseInsightsMode": "standard",
    "performanceInsightsEnabled": True,
    "performanceInsightsKmsKeyId": Output("key", "arn"),
    "performanceInsightsRetentionPeriod": 7,
    "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
}
_REPLICA: Final = {
    "identifier": "trial-replica-1",
    "replicateSourceDb": Output("database", "identifier"),
    "instanceClass": "db.t4g.micro",
    "maxAllocatedStorage": 100,
    "storageEncrypted": True,
    "vpcSecurityGroupIds": [Output("group")],
    "parameterGroupName": Output("database-parameters", "name"),
    "maintenanceWindow": "sun:05:00-sun:06:00",
    "skipFinalSnapshot": True,
    "enabledCloudwatchLogsExports": ["postgresql"],
}
_CACHE: Final = {
    "replicationGroupId": "trial-carts",
    "description": "carts",
    "engine": "valkey",
    "engineVersion": "8.1",
    "nodeType": "cache.t4g.micro",
    "numCacheClusters": 2,
    "automaticFailoverEnabled": True,
    "multiAzEnabled": True,
    "autoMinorVersionUpgrade": False,
    "port": 6379,
    "subnetGroupName": Output("cache-subnets", "name"),
    "parameterGroupName": Output("cache-parameters", "name"),
    "securityGroupIds": [Output("group")],
    "atRestEncryptionEnabled": True,
    "kmsKeyId": Output("key", "arn"),
    "transitEncryptionEnabled": True,
    "transitEncryptionMode": "required",
    "authToken": Secret("drawn-for-the-test"),
    "snapshotRetentionLimit": 3,
    "snapshotWindow": "01:30-02:30",
    "maintenanceWindow": "sun:04:00-sun:05:00",
    "applyImmediately": True,
    "logDeliveryConfigurations": [
        {
            "destination": Output("logs", "name"),
            "destinationType": "cloudwatch-logs",
            "logFormat": "json",
            "logType": "slow-log",
        }
    ],
}

RESOURCES: Final = {
    "vpc": Declared(
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": "10.7.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True, "tags": {"Name": "trial"}},
    ),
    "default-group": Declared(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": Output("vpc"), "ingress": [], "egress": []}
    ),
    "subnet": Declared(
        "aws:ec2/subnet:Subnet",
        {"vpcId": Output("vpc"), "cidrBlock": "10.7.0.0/24", "availabilityZone": "eu-central-1a"},
    ),
    "other-subnet": Declared(
        "aws:ec2/subnet:Subnet",
        {"vpcId": Output("vpc"), "cidrBlock": "10.7.1.0/24", "availabilityZone": "eu-central-1b"},
    ),
    "internet": Declared("aws:ec2/internetGateway:InternetGateway", {"vpcId": Output("vpc")}),
    "address": Declared("aws:ec2/eip:Eip", {"domain": "vpc"}),
    "nat": Declared(
        "aws:ec2/natGateway:NatGateway",
        {"allocationId": Output("address", "allocationId"), "subnetId": Output("subnet")},
    ),
    "table": Declared("aws:ec2/routeTable:RouteTable", {"vpcId": Output("vpc")}),
    "route": Declared(
        "aws:ec2/route:Route",
        {"routeTableId": Output("table"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": Output("nat")},
    ),
    "association": Declared(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"routeTableId": Output("table"), "subnetId": Output("subnet")},
    ),
    "group": Declared("aws:ec2/securityGroup:SecurityGroup", {"name": "trial", "vpcId": Output("vpc")}),
    "ingress": Declared(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": Output("group"),
            "cidrIpv4": "10.7.0.0/16",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
        },
    ),
    "egress": Declared(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"securityGroupId": Output("group"), "referencedSecurityGroupId": Output("group"), "ipProtocol": "-1"},
    ),
    "s3-endpoint": Declared(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Output("vpc"),
            "serviceName": "com.amazonaws.eu-central-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [Output("table")],
        },
    ),
    "sts-endpoint": Declared(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Output("vpc"),
            "serviceName": "com.amazonaws.eu-central-1.sts",
            "vpcEndpointType": "Interface",
            "subnetIds": [Output("subnet")],
            "securityGroupIds": [Output("group")],
            "privateDnsEnabled": True,
        },
    ),
    "key": Declared(
        "aws:kms/key:Key",
        {"description": "trial", "enableKeyRotation": True, "deletionWindowInDays": 7, "policy": allow("kms:*")},
    ),
    "alias": Declared("aws:kms/alias:Alias", {"name": "alias/trial", "targetKeyId": Output("key", "keyId")}),
    "logs": Declared("aws:cloudwatch/logGroup:LogGroup", {"name": "/trial/flows", "retentionInDays": 14}),
    "role": Declared("aws:iam/role:Role", {"assumeRolePolicy": trust("ec2.amazonaws.com"), "description": "trial"}),
    "cluster-role": Declared("aws:iam/role:Role", {"name": "trial", "assumeRolePolicy": trust("eks.amazonaws.com")}),
    "role-policy": Declared(
        "aws:iam/rolePolicy:RolePolicy", {"role": Output("role", "name"), "policy": allow("logs:PutLogEvents")}
    ),
    "attachment": Declared(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": Output("role", "name"), "policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy"},
    ),
    "flow-log": Declared(
        "aws:ec2/flowLog:FlowLog",
        {
            "vpcId": Output("vpc"),
            "trafficType": "ALL",
            "logDestinationType": "cloud-watch-logs",
            "logDestination": Output("logs", "arn"),
            "iamRoleArn": Output("role", "arn"),
        },
    ),
    "repository": Declared(
        "aws:ecr/repository:Repository",
        {
            "name": "trial/cart",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": Output("key", "arn")}],
            "forceDelete": True,
        },
    ),
    "lifecycle": Declared(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": Output("repository", "name"), "policy": json.dumps(_KEPT)},
    ),
    "cluster": Declared("aws:eks/cluster:Cluster", _CLUSTER),
    "entry": Declared(
        "aws:eks/accessEntry:AccessEntry",
        {
            "clusterName": Output("cluster", "name"),
            "principalArn": Output("cluster-role", "arn"),
            "kubernetesGroups": ["dev"],
        },
    ),
    "entry-policy": Declared(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        {
            "clusterName": Output("cluster", "name"),
            "principalArn": Output("entry", "principalArn"),
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy",
            "accessScope": {"type": "cluster"},
        },
    ),
    "identity": Declared(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        {
            "clusterName": Output("cluster", "name"),
            "namespace": "shop",
            "serviceAccount": "cart",
            "roleArn": Output("role", "arn"),
        },
    ),
    "addon": Declared("aws:eks/addon:Addon", {"clusterName": Output("cluster", "name"), "addonName": "metrics-server"}),
    "database-subnets": Declared(
        "aws:rds/subnetGroup:SubnetGroup", {"name": "trial", "subnetIds": [Output("subnet"), Output("other-subnet")]}
    ),
    "database-parameters": Declared(
        "aws:rds/parameterGroup:ParameterGroup",
        {"name": "trial", "family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "1"}]},
    ),
    "database": Declared("aws:rds/instance:Instance", _INSTANCE),
    "replica": Declared("aws:rds/instance:Instance", _REPLICA),
    "cache-subnets": Declared(
        "aws:elasticache/subnetGroup:SubnetGroup",
        {"name": "trial", "subnetIds": [Output("subnet"), Output("other-subnet")]},
    ),
    "cache-parameters": Declared(
        "aws:elasticache/parameterGroup:ParameterGroup",
        {
            "name": "trial",
            "family": "valkey8",
            "parameters": [{"name": "maxmemory-policy", "value": "noeviction"}],
        },
    ),
    "cache": Declared("aws:elasticache/replicationGroup:ReplicationGroup", _CACHE),
    "secret": Declared(
        "aws:secretsmanager/secret:Secret",
        {"name": "trial", "description": "trial", "kmsKeyId": Output("key", "arn"), "recoveryWindowInDays": 0},
    ),
    "secret-version": Declared(
        "aws:secretsmanager/secretVersion:SecretVersion",
        {"secretId": Output("secret"), "secretString": Secret("drawn-for-the-test")},
    ),
    "bucket": Declared("aws:s3/bucket:Bucket", {"bucket": "trial-pictures", "forceDestroy": True}),
    "public-access": Declared(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": Output("bucket", "bucket"),
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
    ),
    "ownership": Declared(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": Output("bucket", "bucket"), "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    ),
    "encryption": Declared(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": Output("bucket", "bucket"),
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
    ),
    "versioning": Declared(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": Output("bucket", "bucket"), "versioningConfiguration": {"status": "Enabled"}},
    ),
    "bucket-lifecycle": Declared(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": Output("bucket", "bucket"),
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
    ),
    "bucket-policy": Declared(
        "aws:s3/bucketPolicy:BucketPolicy", {"bucket": Output("bucket", "bucket"), "policy": allow("s3:GetObject")}
    ),
    "picture": Declared(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {
            "bucket": Output("bucket", "bucket"),
            "key": "mug.svg",
            "source": Asset(hash="1", text="<svg/>"),
            "sourceHash": "1",
            "contentType": "image/svg+xml",
        },
    ),
    "certificate": Declared(
        "aws:acm/certificate:Certificate", {"domainName": "shop.example.com", "validationMethod": "DNS"}
    ),
    "validation": Declared(
        "aws:acm/certificateValidation:CertificateValidation",
        {
            "certificateArn": Output("certificate", "arn"),
            "validationRecordFqdns": [Output("certificate", "domainValidationOptions.0.resourceRecordName")],
        },
    ),
    "balancer": Declared(
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "name": "trial",
            "loadBalancerType": "application",
            "internal": False,
            "subnets": [Output("subnet"), Output("other-subnet")],
            "securityGroups": [Output("group")],
            "dropInvalidHeaderFields": True,
            "enableDeletionProtection": False,
            "idleTimeout": 60,
        },
    ),
    "targets": Declared(
        "aws:lb/targetGroup:TargetGroup",
        {
            "name": "trial",
            "port": 8080,
            "protocol": "HTTP",
            "targetType": "ip",
            "vpcId": Output("vpc"),
            "deregistrationDelay": 30,
            "healthCheck": {"path": "/ready", "interval": 10, "timeout": 5, "matcher": "200"},
            "tags": {"eks:eks-cluster-name": "trial"},
        },
    ),
    "listener": Declared(
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Output("balancer", "arn"),
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "certificateArn": Output("validation", "certificateArn"),
            "defaultActions": [
                {
                    "type": "fixed-response",
                    "fixedResponse": {"contentType": "text/plain", "messageBody": "no", "statusCode": "404"},
                }
            ],
        },
    ),
    "redirect": Declared(
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Output("balancer", "arn"),
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [
                {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}}
            ],
        },
    ),
    "rule": Declared(
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Output("listener", "arn"),
            "conditions": [{"hostHeader": {"values": ["shop.example.com"]}}],
            "actions": [{"type": "forward", "targetGroupArn": Output("targets", "arn")}],
        },
    ),
    "topic": Declared("aws:sns/topic:Topic", {"name": "trial", "kmsMasterKeyId": Output("key", "arn")}),
    "subscription": Declared(
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": Output("topic", "arn"), "protocol": "email", "endpoint": "on-call@example.com"},
    ),
    "alarm": Declared(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "trial",
            "alarmDescription": "full",
            "namespace": "AWS/RDS",
            "metricName": "FreeStorageSpace",
            "dimensions": {"DBInstanceIdentifier": Output("database", "identifier")},
            "statistic": "Minimum",
            "comparisonOperator": "LessThanThreshold",
            "threshold": 1073741824,
            "period": 300,
            "evaluationPeriods": 3,
            "treatMissingData": "ignore",
            "alarmActions": [Output("topic", "arn")],
            "okActions": [Output("topic", "arn")],
        },
    ),
    "budget": Declared(
        "aws:budgets/budget:Budget",
        {
            "name": "trial",
            "budgetType": "COST",
            "limitAmount": "100",
            "limitUnit": "USD",
            "timeUnit": "MONTHLY",
            "costFilters": [{"name": "TagKeyValue", "values": ["user:boutique:stack$dev"]}],
            "notifications": [
                {
                    "comparisonOperator": "GREATER_THAN",
                    "notificationType": "ACTUAL",
                    "threshold": 80,
                    "thresholdType": "PERCENTAGE",
                    "subscriberEmailAddresses": ["on-call@example.com"],
                }
            ],
        },
    ),
}

"""A resource of each type that the stand-in covers, in the order in which they can be made."""

import json
from typing import Final

from boutique_offline.plugins.properties import Asset, Secret
from offline.tests.plugins.aws_account import Declared, Of


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
    "roleArn": Of("cluster-role", "arn"),
    "accessConfig": {"authenticationMode": "API"},
    "bootstrapSelfManagedAddons": False,
    "computeConfig": {"enabled": True, "nodePools": ["general-purpose", "system"], "nodeRoleArn": Of("role", "arn")},
    "deletionProtection": False,
    "enabledClusterLogTypes": ["api", "audit"],
    "encryptionConfig": {"provider": {"keyArn": Of("key", "arn")}, "resources": ["secrets"]},
    "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}, "serviceIpv4Cidr": "172.20.0.0/16"},
    "storageConfig": {"blockStorage": {"enabled": True}},
    "upgradePolicy": {"supportType": "STANDARD"},
    "vpcConfig": {
        "subnetIds": [Of("subnet"), Of("other-subnet")],
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
    "kmsKeyId": Of("key", "arn"),
    "dbName": "trial",
    "username": "trial",
    "password": Secret("drawn-for-the-test"),
    "caCertIdentifier": "rds-ca-rsa2048-g1",
    "port": 5432,
    "dbSubnetGroupName": Of("database-subnets", "name"),
    "parameterGroupName": Of("database-parameters", "name"),
    "vpcSecurityGroupIds": [Of("group")],
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
    "performanceInsightsKmsKeyId": Of("key", "arn"),
    "performanceInsightsRetentionPeriod": 7,
    "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
}
_REPLICA: Final = {
    "identifier": "trial-replica-1",
    "replicateSourceDb": Of("database", "identifier"),
    "instanceClass": "db.t4g.micro",
    "maxAllocatedStorage": 100,
    "storageEncrypted": True,
    "vpcSecurityGroupIds": [Of("group")],
    "parameterGroupName": Of("database-parameters", "name"),
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
    "subnetGroupName": Of("cache-subnets", "name"),
    "parameterGroupName": Of("cache-parameters", "name"),
    "securityGroupIds": [Of("group")],
    "atRestEncryptionEnabled": True,
    "kmsKeyId": Of("key", "arn"),
    "transitEncryptionEnabled": True,
    "transitEncryptionMode": "required",
    "authToken": Secret("drawn-for-the-test"),
    "snapshotRetentionLimit": 3,
    "snapshotWindow": "01:30-02:30",
    "maintenanceWindow": "sun:04:00-sun:05:00",
    "applyImmediately": True,
    "logDeliveryConfigurations": [
        {
            "destination": Of("logs", "name"),
            "destinationType": "cloudwatch-logs",
            "logFormat": "json",
            "logType": "slow-log",
        }
    ],
}

WORLD: Final = {
    "vpc": Declared(
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": "10.7.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True, "tags": {"Name": "trial"}},
    ),
    "default-group": Declared(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": Of("vpc"), "ingress": [], "egress": []}
    ),
    "subnet": Declared(
        "aws:ec2/subnet:Subnet",
        {"vpcId": Of("vpc"), "cidrBlock": "10.7.0.0/24", "availabilityZone": "eu-central-1a"},
    ),
    "other-subnet": Declared(
        "aws:ec2/subnet:Subnet",
        {"vpcId": Of("vpc"), "cidrBlock": "10.7.1.0/24", "availabilityZone": "eu-central-1b"},
    ),
    "internet": Declared("aws:ec2/internetGateway:InternetGateway", {"vpcId": Of("vpc")}),
    "address": Declared("aws:ec2/eip:Eip", {"domain": "vpc"}),
    "nat": Declared(
        "aws:ec2/natGateway:NatGateway", {"allocationId": Of("address", "allocationId"), "subnetId": Of("subnet")}
    ),
    "table": Declared("aws:ec2/routeTable:RouteTable", {"vpcId": Of("vpc")}),
    "route": Declared(
        "aws:ec2/route:Route",
        {"routeTableId": Of("table"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": Of("nat")},
    ),
    "association": Declared(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"routeTableId": Of("table"), "subnetId": Of("subnet")},
    ),
    "group": Declared("aws:ec2/securityGroup:SecurityGroup", {"name": "trial", "vpcId": Of("vpc")}),
    "ingress": Declared(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": Of("group"),
            "cidrIpv4": "10.7.0.0/16",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
        },
    ),
    "egress": Declared(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"securityGroupId": Of("group"), "referencedSecurityGroupId": Of("group"), "ipProtocol": "-1"},
    ),
    "s3-endpoint": Declared(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Of("vpc"),
            "serviceName": "com.amazonaws.eu-central-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [Of("table")],
        },
    ),
    "sts-endpoint": Declared(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Of("vpc"),
            "serviceName": "com.amazonaws.eu-central-1.sts",
            "vpcEndpointType": "Interface",
            "subnetIds": [Of("subnet")],
            "securityGroupIds": [Of("group")],
            "privateDnsEnabled": True,
        },
    ),
    "key": Declared(
        "aws:kms/key:Key",
        {"description": "trial", "enableKeyRotation": True, "deletionWindowInDays": 7, "policy": allow("kms:*")},
    ),
    "alias": Declared("aws:kms/alias:Alias", {"name": "alias/trial", "targetKeyId": Of("key", "keyId")}),
    "logs": Declared("aws:cloudwatch/logGroup:LogGroup", {"name": "/trial/flows", "retentionInDays": 14}),
    "role": Declared("aws:iam/role:Role", {"assumeRolePolicy": trust("ec2.amazonaws.com"), "description": "trial"}),
    "cluster-role": Declared("aws:iam/role:Role", {"name": "trial", "assumeRolePolicy": trust("eks.amazonaws.com")}),
    "role-policy": Declared(
        "aws:iam/rolePolicy:RolePolicy", {"role": Of("role", "name"), "policy": allow("logs:PutLogEvents")}
    ),
    "attachment": Declared(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": Of("role", "name"), "policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy"},
    ),
    "policy": Declared("aws:iam/policy:Policy", {"name": "trial", "policy": allow("s3:GetObject")}),
    "profile": Declared("aws:iam/instanceProfile:InstanceProfile", {"name": "trial", "role": Of("role", "name")}),
    "provider": Declared(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        {"url": "https://oidc.example.com/org/1", "clientIdLists": ["1"], "thumbprintLists": ["a" * 40]},
    ),
    "flow-log": Declared(
        "aws:ec2/flowLog:FlowLog",
        {
            "vpcId": Of("vpc"),
            "trafficType": "ALL",
            "logDestinationType": "cloud-watch-logs",
            "logDestination": Of("logs", "arn"),
            "iamRoleArn": Of("role", "arn"),
        },
    ),
    "repository": Declared(
        "aws:ecr/repository:Repository",
        {
            "name": "trial/cart",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": Of("key", "arn")}],
            "forceDelete": True,
        },
    ),
    "lifecycle": Declared(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": Of("repository", "name"), "policy": json.dumps(_KEPT)},
    ),
    "cluster": Declared("aws:eks/cluster:Cluster", _CLUSTER),
    "entry": Declared(
        "aws:eks/accessEntry:AccessEntry",
        {"clusterName": Of("cluster", "name"), "principalArn": Of("cluster-role", "arn"), "kubernetesGroups": ["dev"]},
    ),
    "entry-policy": Declared(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        {
            "clusterName": Of("cluster", "name"),
            "principalArn": Of("entry", "principalArn"),
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy",
            "accessScope": {"type": "cluster"},
        },
    ),
    "identity": Declared(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        {
            "clusterName": Of("cluster", "name"),
            "namespace": "shop",
            "serviceAccount": "cart",
            "roleArn": Of("role", "arn"),
        },
    ),
    "addon": Declared("aws:eks/addon:Addon", {"clusterName": Of("cluster", "name"), "addonName": "metrics-server"}),
    "database-subnets": Declared(
        "aws:rds/subnetGroup:SubnetGroup", {"name": "trial", "subnetIds": [Of("subnet"), Of("other-subnet")]}
    ),
    "database-parameters": Declared(
        "aws:rds/parameterGroup:ParameterGroup",
        {"name": "trial", "family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "1"}]},
    ),
    "database": Declared("aws:rds/instance:Instance", _INSTANCE),
    "replica": Declared("aws:rds/instance:Instance", _REPLICA),
    "cache-subnets": Declared(
        "aws:elasticache/subnetGroup:SubnetGroup", {"name": "trial", "subnetIds": [Of("subnet"), Of("other-subnet")]}
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
        {"name": "trial", "description": "trial", "kmsKeyId": Of("key", "arn"), "recoveryWindowInDays": 0},
    ),
    "secret-version": Declared(
        "aws:secretsmanager/secretVersion:SecretVersion",
        {"secretId": Of("secret"), "secretString": Secret("drawn-for-the-test")},
    ),
    "bucket": Declared("aws:s3/bucket:Bucket", {"bucket": "trial-pictures", "forceDestroy": True}),
    "public-access": Declared(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": Of("bucket", "bucket"),
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
    ),
    "ownership": Declared(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": Of("bucket", "bucket"), "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    ),
    "encryption": Declared(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": Of("bucket", "bucket"),
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
    ),
    "versioning": Declared(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": Of("bucket", "bucket"), "versioningConfiguration": {"status": "Enabled"}},
    ),
    "bucket-lifecycle": Declared(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": Of("bucket", "bucket"),
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
        "aws:s3/bucketPolicy:BucketPolicy", {"bucket": Of("bucket", "bucket"), "policy": allow("s3:GetObject")}
    ),
    "picture": Declared(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {
            "bucket": Of("bucket", "bucket"),
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
            "certificateArn": Of("certificate", "arn"),
            "validationRecordFqdns": [Of("certificate", "domainValidationOptions.0.resourceRecordName")],
        },
    ),
    "balancer": Declared(
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "name": "trial",
            "loadBalancerType": "application",
            "internal": False,
            "subnets": [Of("subnet"), Of("other-subnet")],
            "securityGroups": [Of("group")],
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
            "vpcId": Of("vpc"),
            "deregistrationDelay": 30,
            "healthCheck": {"path": "/ready", "interval": 10, "timeout": 5, "matcher": "200"},
            "tags": {"eks:eks-cluster-name": "trial"},
        },
    ),
    "listener": Declared(
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Of("balancer", "arn"),
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "certificateArn": Of("validation", "certificateArn"),
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
            "loadBalancerArn": Of("balancer", "arn"),
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
            "listenerArn": Of("listener", "arn"),
            "conditions": [{"hostHeader": {"values": ["shop.example.com"]}}],
            "actions": [{"type": "forward", "targetGroupArn": Of("targets", "arn")}],
        },
    ),
    "topic": Declared("aws:sns/topic:Topic", {"name": "trial", "kmsMasterKeyId": Of("key", "arn")}),
    "topic-policy": Declared(
        "aws:sns/topicPolicy:TopicPolicy", {"arn": Of("topic", "arn"), "policy": allow("sns:Publish")}
    ),
    "subscription": Declared(
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": Of("topic", "arn"), "protocol": "email", "endpoint": "on-call@example.com"},
    ),
    "alarm": Declared(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "trial",
            "alarmDescription": "full",
            "namespace": "AWS/RDS",
            "metricName": "FreeStorageSpace",
            "dimensions": {"DBInstanceIdentifier": Of("database", "identifier")},
            "statistic": "Minimum",
            "comparisonOperator": "LessThanThreshold",
            "threshold": 1073741824,
            "period": 300,
            "evaluationPeriods": 3,
            "treatMissingData": "ignore",
            "alarmActions": [Of("topic", "arn")],
            "okActions": [Of("topic", "arn")],
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

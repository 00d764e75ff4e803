-- Creates the roles and the database, and sets the passwords. psql runs it with the variables `database` and `app`.
\getenv app_password APP_PASSWORD
\getenv replication_password REPLICATION_PASSWORD
SET log_min_error_statement = panic; -- otherwise the log shows a failing statement, with its password

SELECT format('CREATE ROLE %I', wanted.name)
FROM (VALUES (:'app'), ('replication')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) \gexec
ALTER ROLE :"app" LOGIN PASSWORD :'app_password';
ALTER ROLE replication LOGIN REPLICATION PASSWORD :'replication_password';

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'app')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;

-- Makes the roles and the database, or mends them. Run by psql, with the variables database and app.
\getenv app_password APP_PASSWORD
\getenv replication_password REPLICATION_PASSWORD
SET log_min_error_statement = panic; -- a failing statement would show its password in the log

SELECT format('CREATE ROLE %I', wanted.name)
FROM (VALUES (:'app'), ('replication')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) \gexec
ALTER ROLE :"app" LOGIN PASSWORD :'app_password';
ALTER ROLE replication LOGIN REPLICATION PASSWORD :'replication_password';

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'app')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;

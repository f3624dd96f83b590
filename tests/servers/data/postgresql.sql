CREATE TABLE orders (state text);
INSERT INTO orders VALUES ('all is well');
CREATE TABLE nothing (state text);
CREATE ROLE monitor LOGIN PASSWORD 'secret';
GRANT SELECT ON orders, nothing TO monitor;

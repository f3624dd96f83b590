CREATE DATABASE shop;
CREATE TABLE shop.orders (state VARCHAR(20));
INSERT INTO shop.orders VALUES ('all is well');
CREATE TABLE shop.nothing (state VARCHAR(20));
CREATE USER monitor IDENTIFIED BY 'secret';
GRANT SELECT ON shop.* TO monitor;

-- Which devices were asked one by one for a table, and when each had last checked in by then: named as what it holds.
ALTER TABLE _visit RENAME TO _device_read;

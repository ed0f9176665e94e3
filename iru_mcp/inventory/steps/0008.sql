-- Which devices were asked one by one for a table, and when each had last checked in by then: named as what it holds.
-- Which endpoint a reading came from is asked by nobody.
ALTER TABLE _visit RENAME TO _device_read;
ALTER TABLE _stage_read DROP COLUMN endpoint;

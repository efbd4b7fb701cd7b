-- XComs that a part of a backend has touched, for walking them all however many plain ones lie between.
CREATE INDEX xcoms_envelopes ON xcoms (task_instance_no, key) WHERE format = 'envelope';

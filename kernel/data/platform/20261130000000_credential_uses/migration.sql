-- Whether a credential was used lately is found without reading the records of everybody else.
CREATE INDEX audit_records_uses ON audit_records (tenant_id, credential_id COLLATE "C", at) WHERE kind = 'CROSS_APP_ACCESS';

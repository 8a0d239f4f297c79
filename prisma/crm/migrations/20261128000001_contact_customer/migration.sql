-- The customer that a contact is: the account with its e-mail address, which another app keeps.
ALTER TABLE contacts ADD COLUMN customer_id text;

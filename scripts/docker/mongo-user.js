// Runs once, in an empty database, before it can be reached: the user that Portcullis signs in as. It may
// read and write one database, and nothing else.
const password = fs.readFileSync("/run/secrets/mongo_password", "utf8").trim();
db.getSiblingDB("portcullis").createUser({
  user: "portcullis",
  pwd: password,
  roles: [{ role: "readWrite", db: "portcullis" }],
});

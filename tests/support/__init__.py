"""What the tests of several folders share: servers, doubles, projects made in a test, and looks into the journal."""

"""What tests stand on: real servers, a cast of people, and a worker that is stepped by hand."""

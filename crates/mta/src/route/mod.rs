//! Which transport and host an address goes to: the routers.

package main

type dataCommand struct{}

func (d *dataCommand) Run() error { return nil }

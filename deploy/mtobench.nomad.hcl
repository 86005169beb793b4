# A study as a batch job: one allocation a shard. docs/cluster.md says how to calibrate and lock first (-var command=calibrate).
# Nomad may give an index to two allocations at once while one is being replaced: the folder's lock, not the index, decides who works.
variable "command" {
  type        = string
  default     = "run"
  description = "run, or calibrate before there is a lock"
}

variable "shards" {
  type    = number
  default = 10
}

variable "threads" {
  type    = number
  default = 4
}

variable "study" {
  type        = string
  default     = "/srv/mtobench/study.toml"
  description = "Study file on every node"
}

variable "out" {
  type        = string
  default     = "/srv/mtobench/runs"
  description = "Folder of all results, shared by the nodes, on a file system with file locks"
}

job "mtobench" {
  datacenters = ["*"]
  type        = "batch"

  group "shards" {
    count = var.shards

    # 75 (to be continued) and a lost machine are tried again, without end; a mistake in the configuration (78) too, as Nomad
    # doesn't tell exit statuses apart: look at the first allocations.
    restart {
      attempts = 3
      interval = "10m"
      delay    = "15s"
      mode     = "fail"
    }

    reschedule {
      unlimited      = true
      delay          = "30s"
      delay_function = "exponential"
      max_delay      = "30m"
    }

    task "mtobench" {
      driver       = "exec"
      kill_signal  = "SIGTERM" # mtobench saves a checkpoint and exits with 75
      kill_timeout = "120s"

      config {
        command = "/usr/local/bin/mtobench"
        args    = [var.command, var.study, "--shard", "auto", "--threads", "${var.threads}", "--out", var.out]
      }

      env {
        MTOBENCH_SHARDS = "${var.shards}"
      }

      resources {
        cores  = var.threads
        memory = 2048
      }
    }
  }
}

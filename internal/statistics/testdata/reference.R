# Prints reference values of this package's tests from R.
#   apt-get install r-base-core r-cran-survival r-cran-boot r-cran-coin r-cran-exactranktests; Rscript reference.R
suppressPackageStartupMessages({library(survival); library(boot); library(exactRankTests); library(coin)})
options(digits = 16)
show <- function(name, ...) cat(sprintf("%-28s", name), format(c(...), digits = 16), "\n")
cat(R.version.string, "\n")

show("holm", p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm"))
show("holm", p.adjust(c(0.7, 0.6, 0.02), "holm"))
show("isoreg", isoreg(c(5, 3, 4, 1, 9, 8, 8, 8, 7, 12))$yf)
show("wilcox.exact, zeros and ties", wilcox.exact(c(0.5, 0.5, -0.25, 1.5, 1.5, -0.5, 2, 2, 2.5, 0, 3))$p.value)
show("wilcox.exact, ties", wilcox.exact(c(2, 2, 2, -2, -1, 3, 3))$p.value)
show("wilcox.exact, two samples", wilcox.exact(c(1, 2, 2, 3), c(2, 3, 4, 4, 5))$p.value)
show("wilcox.exact, censored", wilcox.exact(c(30, 33, 36, 36, 31.5, 36), c(29, 30.5, 32, 36, 33, 34, 36, 28))$p.value)
y <- c(30, 33, 36, 36, 31.5, 36, 29, 30.5, 32, 36, 33, 34, 36, 28)
g <- factor(rep(c("a", "b"), c(6, 8)))
show("coin::wilcox_test, censored", pvalue(wilcox_test(y ~ g, distribution = "exact")))
show("median, type 7 quantiles", quantile(c(3, 1, 4, 1, 5, 9, 2, 6), c(0.025, 0.5, 0.975), type = 7))

off <- c(71.7, 89.61, 80.2, 66.9, 75.3, 84.4)
on <- c(53.58, 60.1, 58.8, 51.2, 49.9, 61.0)
logs <- log(on / off)
show("t.test", exp(t.test(logs)$conf.int))
set.seed(1)
b <- boot(logs, function(d, i) mean(d[i]), R = 200000)
show("boot.ci BCa, 200,000", exp(boot.ci(b, type = "bca")$bca[4:5]))

sample <- function(off_t, off_e, on_t, on_e) {
  t <- c(off_t, on_t); e <- c(off_e, on_e); arm <- rep(0:1, c(length(off_t), length(on_t)))
  fit <- survfit(Surv(t, e) ~ arm)
  show("survfit", fit$surv)
  show("survfit rmean", summary(fit, rmean = max(t))$table[, 5])
  show("survdiff", survdiff(Surv(t, e) ~ arm)$chisq)
}
sample(c(72, 75, 80, 85, 120, 120), c(1, 1, 1, 1, 0, 0), c(42, 45, 48, 55, 56, 120), c(1, 1, 1, 1, 1, 0))
sample(c(6, 6, 6, 6, 7, 9, 10), c(1, 1, 1, 0, 1, 0, 1), c(1, 1, 2, 6, 8, 8, 11), c(1, 1, 0, 1, 1, 0, 1))

# The restricted mean ratio of methodology 1.8's censored sample, Student's interval with the standard error of
# 200,000 resampled pairs.
x <- c(42, 45, 48, 55, 56, 120); y <- c(72, 75, 80, 85, 120, 120)
b <- boot(seq_along(x), function(d, i) log(sum(x[i]) / sum(y[i])), R = 200000)
half <- qt(0.975, 5) * sd(b$t) * sqrt(6 / 5)
show("RMST ratio", sum(x) / sum(y), exp(b$t0 - half), exp(b$t0 + half))

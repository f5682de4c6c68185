from django.db import models


class Row(models.Model):
    name = models.CharField(max_length=200)
    email = models.EmailField()
    company = models.CharField(max_length=200)
    title = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    stage = models.CharField(max_length=8)
    value = models.DecimalField(max_digits=12, decimal_places=2)
    seen = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["stage", "-id"], name="bare_row_stage")]

    def __str__(self) -> str:
        return self.name


class Insert(models.Model):
    name = models.CharField(max_length=200)
    email = models.EmailField()
    payload = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

"""As of when something is shown, and a report that somebody was given."""

from datetime import UTC, datetime, time, timedelta

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile


class AsOfForm(forms.Form):
    as_of = forms.DateField(label="As of", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def moment(self, now: datetime) -> datetime:
        """The end of that UTC day, never later than now; now where no day was given or none could be read."""
        day = self.cleaned_data.get("as_of") if self.is_valid() else None
        if day is None or day >= now.astimezone(UTC).date():
            return now
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)


class ReportFileForm(forms.Form):
    report = forms.FileField(
        label="Report", help_text="PDF or JSON, as you were given it. Its digest is computed here; the file is not kept."
    )

    def clean_report(self) -> UploadedFile:
        given: UploadedFile = self.cleaned_data["report"]
        if (given.size or 0) > settings.UPLOAD_MAX_BYTES:
            raise ValidationError("This file is larger than any the portal takes.", code="too_large")
        return given
